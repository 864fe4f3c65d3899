//go:build race

package conformance

// Raced says that the race detector watches, under which everything takes many times as
// long. What walks through thousands of examples in one goroutine takes a part of them then;
// all of them are asked in the stage `decisions`, without it.
const Raced = true
