package gpu

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Interval is a closed stretch of one Pod's device time, within one hour. Computed again
// it is the same one: its ID is.
type Interval struct {
	Span
	Pod *corev1.Pod
	// Devices held all the time.
	Devices int64
}

// ID is <Pod's UID>/<start>, the same whoever computes it.
func (i Interval) ID() string {
	return string(i.Pod.UID) + "/" + i.From.UTC().Format(time.RFC3339)
}

// Intervals are a Pod's closed ones: every hour that is over, and the last part of a Pod
// that ended, or that is gone.
func Intervals(p *corev1.Pod, now time.Time, gone bool) []Interval {
	devices := Devices(p)
	held, ended := Held(p, now)
	if devices == 0 {
		return nil
	}
	var out []Interval
	for from := held.From; from.Before(held.To); {
		to := from.UTC().Truncate(time.Hour).Add(time.Hour)
		if held.To.Before(to) {
			if !ended && !gone {
				break
			}
			to = held.To
		}
		out = append(out, Interval{Span: Span{From: from, To: to}, Pod: p, Devices: devices})
		from = to
	}
	return out
}
