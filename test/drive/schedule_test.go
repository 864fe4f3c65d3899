package drive

import (
	"testing"
	"time"
)

// TestNothingIsDueEarly: also where a schedule wakes for many at once.
func TestNothingIsDueEarly(t *testing.T) {
	for _, rate := range []float64{500, 2 * dense} {
		began, n := time.Now(), 0
		for at := range schedule(t.Context(), 100*time.Millisecond, rate) {
			if now := time.Now(); now.Before(at) || at.Before(began) {
				t.Fatalf("%v a second: number %d of %s came at %s", rate, n, at.Sub(began), now.Sub(began))
			}
			n++
		}
		if want := int(rate / 10); n != want {
			t.Errorf("%v a second: %d, want %d", rate, n, want)
		}
	}
}
