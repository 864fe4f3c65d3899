package bundle

import (
	"fmt"
	"math/big"
	"time"
)

// revision of a bundle: a number or a time, so that older and newer can be told apart. A
// signature alone proves who made a bundle, not that it is the newest that she made.
type revision struct {
	text   string
	number *big.Int
	time   time.Time
}

func parseRevision(text string) (revision, error) {
	if n, ok := new(big.Int).SetString(text, 10); ok && n.Sign() >= 0 {
		return revision{text: text, number: n}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return revision{text: text, time: t}, nil
	}
	return revision{}, fmt.Errorf("revision %q of the bundle's manifest is neither a number nor an RFC 3339 time, so that old and new cannot be told apart", text)
}

// newerThan reports that other must not replace r: it is older, or of the other form.
func (r revision) newerThan(other revision) bool {
	switch {
	case r.text == "":
		return false
	case r.number != nil:
		return other.number == nil || r.number.Cmp(other.number) > 0
	}
	return other.number != nil || r.time.After(other.time)
}
