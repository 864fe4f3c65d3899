package cli

import (
	"errors"
	"fmt"
	"time"

	"gatehouse.dev/gatehouse/pkg/passport"
)

func (v *verifier) print(results []checked) error {
	if v.out == formatJSON {
		return writeJSON(v.env.Out, map[string]any{"results": results})
	}
	t := table{}
	t.add("RESULT", "REASON", "USER", "TIER", "KEY", "ISSUED", "BOUND TO", "FOUND ON")
	var errs []error
	for _, r := range results {
		word, p := "good", passport.UserPassport{}
		if r.Passport != nil {
			p = *r.Passport
		}
		if !r.Good {
			word = "refused"
			errs = append(errs, fmt.Errorf("refused: %s", r.Message))
		}
		found := r.Object
		if found == bound(p) {
			found = "the same"
		}
		t.add(word, r.Reason, p.UserID, p.Tier, p.KeyID, issued(p), bound(p), found)
	}
	if err := t.write(v.env.Out); err != nil {
		return err
	}
	if err := errors.Join(errs...); err != nil {
		fmt.Fprintln(v.env.Err, err)
	}
	return nil
}

func bound(p passport.UserPassport) string {
	if p.Object == (passport.Object{}) {
		return ""
	}
	return p.Object.String()
}

func issued(p passport.UserPassport) string {
	if p.IssuedAt == 0 {
		return ""
	}
	return time.Unix(p.IssuedAt, 0).UTC().Format(time.RFC3339)
}
