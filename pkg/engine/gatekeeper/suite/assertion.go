package suite

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// assertion says how many violations there are, of those whose message fits.
type assertion struct {
	Violations count   `json:"violations"`
	Message    *string `json:"message"`
}

// count is a number, yes (the default) or no.
type count struct {
	word   string
	number int
}

// UnmarshalJSON takes a whole number that is not negative, or the words.
func (c *count) UnmarshalJSON(raw []byte) error {
	var word string
	if json.Unmarshal(raw, &word) == nil && (word == "yes" || word == "no") {
		*c = count{word: word}
		return nil
	}
	number, err := strconv.Atoi(string(raw))
	if err != nil || number < 0 {
		return fmt.Errorf("violations is %s: want yes, no or a number", raw)
	}
	*c = count{word: "exactly", number: number}
	return nil
}

// check says what is wrong, or nothing.
func (a assertion) check(found []engine.Violation) error {
	fits := func(string) bool { return true }
	about := ""
	if a.Message != nil {
		pattern, err := regexp.Compile(*a.Message)
		if err != nil {
			return fmt.Errorf("message: %w", err)
		}
		fits = pattern.MatchString
		about = fmt.Sprintf(" with message %q", *a.Message)
	}
	got := 0
	var said []string
	for _, v := range found {
		said = append(said, strconv.Quote(v.Msg))
		if fits(v.Msg) {
			got++
		}
	}
	want := ""
	switch {
	case a.Violations.word == "no" && got > 0:
		want = "none"
	case a.Violations.word == "exactly" && got != a.Violations.number:
		want = fmt.Sprintf("exactly %d", a.Violations.number)
	case (a.Violations.word == "yes" || a.Violations.word == "") && got == 0:
		want = "at least one"
	}
	if want == "" {
		return nil
	}
	return fmt.Errorf("got %d violations%s, want %s; said: [%s]", got, about, want, strings.Join(said, ", "))
}
