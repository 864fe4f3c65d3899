// Package replay asks a set of policies about recorded decisions and tells which of them
// it would turn. It is pure: records in, a report out.
//
// It may import the engine and the recordings.
package replay
