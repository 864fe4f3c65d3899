// Package crd reads the generated CustomResourceDefinitions and judges objects by them,
// as the API server would: structure, defaults, values and CEL rules. It may import the
// API server's own libraries and nothing of Gatehouse.
package crd
