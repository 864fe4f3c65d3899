package replay

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gatehouse.dev/gatehouse/pkg/audit/recording"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/taint"
)

// statement is what one rule said: messages that deny, messages that do not, amounts.
type statement struct{ deny, other, demand []string }

func (s statement) lines() []string {
	var out []string
	out = append(out, s.deny...)
	for _, text := range s.other {
		out = append(out, "(warning) "+text)
	}
	for _, text := range s.demand {
		out = append(out, "demands "+text)
	}
	return out
}

// saidBefore sorts a record by rule.
func saidBefore(r recording.Record) map[string]statement {
	out := map[string]statement{}
	for _, f := range r.Findings {
		s := out[f.Rule]
		if f.Effect == recording.EffectDeny {
			s.deny = append(s.deny, f.Msg)
		} else {
			s.other = append(s.other, f.Msg)
		}
		out[f.Rule] = s
	}
	for _, d := range r.Demands {
		s := out[d.Rule]
		s.demand = append(s.demand, d.Amount+" of "+d.Dimension)
		out[d.Rule] = s
	}
	return out
}

// othersDenied reports whether something denied that was no message of a policy: identity,
// or quota in a policy's name.
func othersDenied(r recording.Record) bool {
	for _, rule := range r.Rules {
		if !slices.ContainsFunc(r.Findings, func(f recording.Finding) bool {
			return f.Rule == rule && f.Effect == recording.EffectDeny
		}) {
			return true
		}
	}
	return false
}

func compare(before, after statement, a engine.Alone) Change {
	switch {
	case a.Look != "":
		return Indeterminate
	case a.Err != nil:
		return Failed
	case len(before.deny) == 0 && len(after.deny) > 0:
		return ToDenied
	case len(before.deny) > 0 && len(after.deny) == 0:
		return ToAllowed
	case !alike(before.deny, after.deny, sameText) || !alike(before.other, after.other, sameWarning):
		return OtherMessage
	case !slices.Equal(sorted(before.demand), sorted(after.demand)):
		return OtherDemand
	}
	return Unchanged
}

// alike compares messages as sets.
func alike(before, after []string, same func(recorded, now string) bool) bool {
	for _, x := range before {
		if !slices.ContainsFunc(after, func(y string) bool { return same(x, y) }) {
			return false
		}
	}
	for _, y := range after {
		if !slices.ContainsFunc(before, func(x string) bool { return same(x, y) }) {
			return false
		}
	}
	return true
}

var markers = regexp.MustCompile(regexp.QuoteMeta(taint.Prefix) + `(?:other:)?[0-9a-f]{32}`)

// sameText compares a recorded message with a new one. In the recorded one a part may
// have been replaced because it happened to be a secret's text too, so that a marker
// there stands for anything.
func sameText(recorded, now string) bool {
	if recorded == now {
		return true
	}
	parts := markers.Split(recorded, -1)
	if len(parts) == 1 || !strings.HasPrefix(now, parts[0]) {
		return false
	}
	rest := now[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

// sameWarning passes over what stands before a warning, as of whose exemption it is.
func sameWarning(recorded, now string) bool {
	return sameText(recorded, now) || strings.HasSuffix(recorded, ": "+now)
}

// exampleOf reads who, what and where from a record.
func exampleOf(r recording.Record) (Example, error) {
	var input struct {
		Request struct {
			Kind struct{ Group, Kind string }
			Name, Namespace,
			SubResource,
			Operation string
			UserInfo struct{ Username string }
		}
	}
	if err := json.Unmarshal(r.Input, &input); err != nil {
		return Example{}, fmt.Errorf("recorded input: %w", err)
	}
	q := input.Request
	object := q.Kind.Kind + "/" + q.Name
	if q.SubResource != "" {
		object += "/" + q.SubResource
	}
	if q.Namespace != "" {
		object += " in " + q.Namespace
	}
	return Example{Time: r.Time, Correlation: r.Correlation, Tenant: r.Tenant, User: q.UserInfo.Username, Operation: q.Operation, Object: object}, nil
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
