package cli

import (
	"fmt"
	"strings"
	"time"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

func (w *whoami) print(s standing) error {
	if w.out == formatJSON {
		return writeJSON(w.env.Out, s)
	}
	t := table{}
	t.add("user", s.User)
	t.add("class", s.Class)
	if s.BreakGlass {
		t.add("break-glass", "yes: every write is allowed, marked and reported")
	}
	t.add("tenant", s.Tenant)
	if s.Tenant == "" {
		if s.Role != "" {
			t.add("role", s.Role)
		}
		if err := t.write(w.env.Out); err != nil {
			return err
		}
		return w.printOnboarding(s)
	}
	t.add("namespace", s.Namespace)
	t.add("organization", s.Organization)
	t.add("role", s.Role)
	t.add("tier", s.Tier)
	if s.Suspended {
		t.add("suspended", "yes: nothing new can be created")
	}
	t.add("models", strings.Join(s.Models, ", "))
	if err := t.write(w.env.Out); err != nil {
		return err
	}
	if s.Note != "" {
		if _, err := fmt.Fprintln(w.env.Out, "\n"+s.Note); err != nil {
			return err
		}
	}
	if len(s.Limits) == 0 {
		return nil
	}
	fmt.Fprintln(w.env.Out)
	limits := table{}
	limits.add("LIMIT OF", "USED", "RESERVED", "LIMIT", "WINDOW", "RESETS")
	for _, d := range s.Limits {
		limits.add(d.Dimension, d.Used.String(), d.Reserved.String(), d.Limit, window(d), resets(d))
	}
	return limits.write(w.env.Out)
}

func (w *whoami) printOnboarding(s standing) error {
	if s.Onboard != nil {
		_, err := fmt.Fprintf(w.env.Out, `
You have no tenant yet. This makes one, in organization %s with tier %s:

  echo %s | kubectl create -f -
`, cell(s.Organization), cell(s.Tier), shellQuote(string(s.Onboard)))
		return err
	}
	_, err := fmt.Fprintln(w.env.Out, "\nYou have no tenant:")
	for line := range strings.Lines(s.Refusal) {
		if err == nil {
			_, err = fmt.Fprintln(w.env.Out, "  "+cell(strings.TrimSuffix(line, "\n")))
		}
	}
	return err
}

// shellQuote makes one word of a text for a POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func window(d v1alpha1.UsageDimension) string {
	if d.Window == v1alpha1.WindowNone {
		return ""
	}
	return string(d.Window)
}

func resets(d v1alpha1.UsageDimension) string {
	if d.ResetsAt == nil {
		return ""
	}
	return d.ResetsAt.UTC().Format(time.RFC3339)
}
