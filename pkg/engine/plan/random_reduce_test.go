package plan

import (
	"context"
	"slices"
	"strings"
)

// reduced leaves out definitions and statements for as long as the evaluators differ without them.
func (x trial) reduced(ctx context.Context, difference error) (trial, error) {
	for again := true; again; {
		again = false
		for smaller := range x.smaller {
			if err := smaller.compare(ctx, &tally{}); isDifference(err) {
				x, difference, again = smaller, err, true
				break
			}
		}
	}
	return x, difference
}

// smaller shows the trials that lack one world, definition or statement.
func (x trial) smaller(show func(trial) bool) {
	for i := range x.worlds {
		y := x
		y.worlds = slices.Delete(slices.Clone(x.worlds), i, i+1)
		if len(y.worlds) > 0 && !show(y) {
			return
		}
	}
	for r, w := range x.rules {
		for d, text := range w.definitions {
			if !show(x.with(r, slices.Delete(slices.Clone(w.definitions), d, d+1))) {
				return
			}
			lines := strings.Split(text, "\n")
			for i, line := range lines {
				if !strings.HasPrefix(line, "\t") {
					continue
				}
				definitions := slices.Clone(w.definitions)
				definitions[d] = strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "\n")
				if !show(x.with(r, definitions)) {
					return
				}
			}
		}
	}
}
