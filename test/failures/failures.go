// Package failures prints what failed in a Ginkgo suite as its last lines, message and all.
// Ginkgo's own summary at the end names the specs only, and their messages are thousands of
// lines above it, where a machine that keeps the end of a log has lost them.
package failures

import (
	"fmt"
	"io"
	"strings"

	"github.com/onsi/ginkgo/v2/types"
)

// most is how much of one message is printed, in bytes.
const most = 2000

// Print writes the specs that failed, each with its place, its message and what broke beside it.
func Print(w io.Writer, report types.Report) {
	for _, spec := range report.SpecReports {
		if !spec.Failed() {
			continue
		}
		line(w, spec.State, spec.FullText(), spec.Failure)
		for _, also := range spec.AdditionalFailures {
			line(w, also.State, "  also", also.Failure)
		}
	}
}

func line(w io.Writer, state types.SpecState, what string, failure types.Failure) {
	message := failure.Message
	if failure.ForwardedPanic != "" {
		message += " " + failure.ForwardedPanic
	}
	if len(message) > most {
		message = message[:most] + " …"
	}
	message = strings.ReplaceAll(strings.TrimSpace(message), "\n", "\n    ")
	_, _ = fmt.Fprintf(w, "\n%s: %s\n  %s\n    %s\n", state, what, failure.Location, message)
}
