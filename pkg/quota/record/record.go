package record

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Type of the events.
const Type = "dev.gatehouse.usage.v1"

// Source of the events that the provisioner writes.
const Source = "/gatehouse/provisioner"

// Event is one CloudEvent (specversion 1.0). Two events of one source and id tell of the
// same use.
type Event struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Data            Use       `json:"data"`
}

// Use is an amount of one dimension that one object used from Start up to End.
type Use struct {
	Tenant       string `json:"tenant"`
	User         string `json:"user,omitempty"`
	Organization string `json:"organization,omitempty"`
	Tier         string `json:"tier,omitempty"`
	Dimension    string `json:"dimension"`
	// Amount in Unit, a decimal number.
	Amount string    `json:"amount"`
	Unit   string    `json:"unit"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	// Resource is <namespace>/<name> of the object, ResourceUID its UID.
	Resource    string `json:"resource"`
	ResourceUID string `json:"resourceUID"`
	// Session that the object belongs to, "" for none.
	Session string `json:"session,omitempty"`
}

// New is the event of a use that is known by id.
func New(id string, u Use) Event {
	return Event{
		SpecVersion: "1.0", ID: id, Source: Source, Type: Type, Subject: u.Tenant, Time: u.End.UTC(),
		DataContentType: "application/json", Data: u,
	}
}

// longestLine is the longest event that is read, in bytes.
const longestLine = 64 << 10

// Read gives the events of a file of lines, each once. An error names the line.
func Read(r io.Reader) ([]Event, error) {
	var out []Event
	seen := map[[2]string]bool{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var e Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if e.Type != Type || e.ID == "" {
			return nil, fmt.Errorf("line %d: type %q, id %q: no usage record", n, e.Type, e.ID)
		}
		if id := [2]string{e.Source, e.ID}; !seen[id] {
			seen[id] = true
			out = append(out, e)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read usage records: %w", err)
	}
	return out, nil
}
