package drive

import (
	"maps"
	"slices"
	"time"
)

// Result of a load.
type Result struct {
	// Latencies of the reviews that were allowed.
	Latencies []time.Duration
	// Retry are latencies of 503 with Retry-After.
	Retry []time.Duration
	// Late were not answered by their deadline, Cut are connections that ended or were not to
	// be had, Unsent found no connection until their deadline, Other are all other answers.
	Late, Cut, Unsent, Other int
	// Why counts the first few different texts of Retry, Cut and Other.
	Why map[string]int
	// Took is from the first review to the last answer.
	Took time.Duration
}

// Add takes what another saw at the same time, or after.
func (r *Result) Add(o Result) {
	r.Latencies = append(r.Latencies, o.Latencies...)
	r.Retry = append(r.Retry, o.Retry...)
	r.Late, r.Cut, r.Unsent, r.Other = r.Late+o.Late, r.Cut+o.Cut, r.Unsent+o.Unsent, r.Other+o.Other
	for _, text := range slices.Sorted(maps.Keys(o.Why)) {
		for range o.Why[text] {
			r.note(text)
		}
	}
	r.Took += o.Took
}

// texts is how many different ones are kept.
const texts = 5

func (r *Result) note(text string) {
	if r.Why == nil {
		r.Why = map[string]int{}
	}
	if _, known := r.Why[text]; known || len(r.Why) < texts {
		r.Why[text]++
	}
}

// Sent is how many reviews were due.
func (r Result) Sent() int {
	return len(r.Latencies) + len(r.Retry) + r.Late + r.Cut + r.Unsent + r.Other
}

// Failed is how many were not allowed.
func (r Result) Failed() int { return r.Sent() - len(r.Latencies) }

// Rate is allowed reviews a second.
func (r Result) Rate() float64 {
	if r.Took <= 0 {
		return 0
	}
	return float64(len(r.Latencies)) / r.Took.Seconds()
}

// Mean of the allowed ones' latencies; 0 without any.
func (r Result) Mean() time.Duration {
	var sum time.Duration
	for _, l := range r.Latencies {
		sum += l
	}
	return sum / time.Duration(max(1, len(r.Latencies)))
}

// Quantile of latencies, q in [0, 1); 0 without any.
func Quantile(latencies []time.Duration, q float64) time.Duration {
	if len(latencies) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(latencies))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
