package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Check carries out one case and reports everything that is not as it must be.
func Check(ctx context.Context, target Target, c Case) error {
	answer, err := target.Do(ctx, c)
	if err != nil {
		return fmt.Errorf("%s: carry out: %w", c.Name, err)
	}
	var bad []error
	wrong := func(format string, args ...any) { bad = append(bad, fmt.Errorf(format, args...)) }
	text := answer.Message
	if c.Denied == "" {
		text = strings.Join(answer.Warnings, "\n")
		if !answer.Allowed {
			wrong("denied, but must pass: %s", answer.Message)
		}
	} else {
		if answer.Allowed {
			wrong("passed, but must be denied by %s", c.Denied)
		} else if !strings.Contains(answer.Message, "denied by "+c.Denied+": ") {
			wrong("denied by somebody else than %s: %s", c.Denied, answer.Message)
		}
		if answer.Stored != nil && c.Operation == "CREATE" {
			wrong("denied, and stored all the same")
		}
	}
	for _, fragment := range c.Says {
		if !strings.Contains(text, fragment) {
			wrong("does not say %q: %s", fragment, text)
		}
	}
	if c.Denied == "" && answer.Allowed {
		bad = append(bad, stored(ctx, target, c, answer)...)
	}
	return errors.Join(bad...)
}

func stored(ctx context.Context, target Target, c Case, answer Answer) []error {
	var bad []error
	if c.Author != "" {
		author, err := target.Author(ctx, answer.Stored)
		if err != nil {
			bad = append(bad, fmt.Errorf("passport on the stored object: %w", err))
		} else if author != c.Author {
			bad = append(bad, fmt.Errorf("the passport names %q, want %q", author, c.Author))
		}
	}
	for path, want := range c.Stored {
		have, ok := lookup(answer.Stored, path)
		if want == "" {
			if ok {
				bad = append(bad, fmt.Errorf("stored %s is %v, must be absent", path, have))
			}
			continue
		}
		if !ok || fmt.Sprint(have) != want {
			bad = append(bad, fmt.Errorf("stored %s is %v, want %s", path, have, want))
		}
	}
	for path, not := range c.Unstored {
		if have, ok := lookup(answer.Stored, path); ok && fmt.Sprint(have) == not {
			bad = append(bad, fmt.Errorf("stored %s is %v, must not be", path, have))
		}
	}
	return bad
}
