package cli

import (
	"errors"
	"fmt"
)

// The exit codes.
const (
	exitGood   = 0
	exitFailed = 1
	exitMisuse = 2
)

// misuseError is an error in the command line itself.
type misuseError struct{ error }

func (e misuseError) Unwrap() error { return e.error }

func misuse(format string, args ...any) error { return misuseError{fmt.Errorf(format, args...)} }

// silentError is one that the command has already told.
type silentError struct{ error }

func (e silentError) Unwrap() error { return e.error }

func silent(err error) error { return silentError{err} }

func isSilent(err error) bool { return errors.As(err, new(silentError)) }

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitGood
	case errors.As(err, new(misuseError)):
		return exitMisuse
	}
	return exitFailed
}
