package gate

import (
	"strconv"

	"gatehouse.dev/gatehouse/pkg/review"
)

// stale reports whether mutating sees an UPDATE that the API server is about to refuse
// with a conflict: it names a resourceVersion that is not the stored one. What it differs
// in is then mostly what others changed meanwhile, status foremost, and a denial would
// blame the writer for that. Should it not be refused after all, validating judges it.
func (w *write) stale() bool {
	if w.Phase != review.Mutating || w.Operation != review.Update {
		return false
	}
	// 0 and nothing ask for an update without a condition.
	have, err := strconv.ParseUint(w.object.text("metadata", "resourceVersion"), 10, 64)
	if err != nil || have == 0 {
		return false
	}
	stored, err := strconv.ParseUint(w.old.text("metadata", "resourceVersion"), 10, 64)
	return err == nil && have != stored
}
