// Package policies carries the rules that come with Gatehouse, and what they are
// compiled with: one folder a rule, lib/ for shared functions, schemas/ for the input,
// capabilities.json for the built-in functions that are allowed. It imports nothing.
package policies

import "embed"

// FS holds every rule with its tests and examples.
//
//go:embed capabilities.json */*
var FS embed.FS
