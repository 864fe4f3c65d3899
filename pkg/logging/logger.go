// Package logging makes the loggers of Gatehouse's servers. It may import zap and zapr.
package logging

import (
	"fmt"

	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// mostVerbose is the highest verbosity that is told apart.
const mostVerbose = 4

// Options of a logger; the zero value says everything that is not verbose.
type Options struct {
	// Verbosity is logr's, 0 to 4.
	Verbosity int
	// Sampled leaves out most of what is said in the same words more than a hundred times a
	// second.
	Sampled bool
}

// New writes JSON lines to stderr, with times as RFC 3339 in UTC as the decision log has them,
// so that lines of several servers sort into one. The function flushes.
func New(o Options) (logr.Logger, func(), error) {
	c := zap.NewProductionConfig()
	if !o.Sampled {
		c.Sampling = nil
	}
	c.DisableStacktrace = true // an error names its object; the trace is the library's
	c.EncoderConfig.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	c.Level = zap.NewAtomicLevelAt(zapcore.Level(-min(max(o.Verbosity, 0), mostVerbose)))
	z, err := c.Build(zap.WithClock(utc{}))
	if err != nil {
		return logr.Logger{}, nil, fmt.Errorf("logger: %w", err)
	}
	return zapr.NewLogger(z), func() { _ = z.Sync() }, nil
}
