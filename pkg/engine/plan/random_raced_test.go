//go:build race

package plan

// Under the race detector everything takes many times as long.
func init() { randomModules = 40 }
