// Package decisions shows the decision log to people as it grows, one line a decision.
// It imports the standard library only.
package decisions

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// decision is what of a line of the log is shown.
type decision struct {
	Time        time.Time `json:"time"`
	Outcome     string    `json:"outcome"`
	User        string    `json:"user"`
	Operation   string    `json:"operation"`
	Resource    string    `json:"resource"`
	Subresource string    `json:"subresource"`
	Namespace   string    `json:"namespace"`
	Name        string    `json:"name"`
	DryRun      bool      `json:"dryRun"`
	Rules       []string  `json:"rules"`
	Audited     []string  `json:"audited"`
	Message     string    `json:"message"`
	Reason      string    `json:"reason"`
}

// Format makes one line of a line of the log; a line that is no decision comes out as it
// is, so that nothing is hidden.
func Format(line []byte) string {
	var d decision
	if err := json.Unmarshal(line, &d); err != nil || d.Outcome == "" {
		return strings.TrimSpace(string(line))
	}
	resource := d.Resource
	if d.Subresource != "" {
		resource += "/" + d.Subresource
	}
	object := d.Name
	if d.Namespace != "" {
		object = d.Namespace + "/" + d.Name
	}
	verb := strings.ToLower(d.Operation)
	if d.DryRun {
		verb += " (dry run)"
	}
	shown := fmt.Sprintf("%s  %-7s  %s  %s %s %s", d.Time.Local().Format(time.TimeOnly), d.Outcome, d.User, verb, resource, object)
	if why := d.why(); why != "" {
		shown += "  " + why
	}
	return shown
}

func (d decision) why() string {
	switch {
	case d.Message != "":
		return strings.ReplaceAll(d.Message, "\n", " | ")
	case len(d.Rules) > 0:
		return "by " + strings.Join(d.Rules, ", ")
	case d.Reason != "":
		return d.Reason
	case len(d.Audited) > 0:
		return "audited: " + strings.Join(d.Audited, ", ")
	}
	return ""
}
