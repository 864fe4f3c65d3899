package home

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Drift names the fields in which a live object is not as it is wanted, sorted; fields
// that nobody wants, such as those that the API server fills in, are left out, but not those
// in a map that is wanted empty: a selector of everything. Nothing and an empty list, map or
// text are the same.
func Drift(wanted, live any) ([]string, error) {
	want, err := fields(wanted)
	if err != nil {
		return nil, err
	}
	have, err := fields(live)
	if err != nil {
		return nil, err
	}
	// Objects that a cache gives do not say their type.
	delete(want, "apiVersion")
	delete(want, "kind")
	changed := drift("", want, have)
	slices.Sort(changed)
	return changed, nil
}

func fields(of any) (map[string]any, error) {
	raw, err := json.Marshal(of)
	if err != nil {
		return nil, fmt.Errorf("compare with what is wanted: %w", err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("compare with what is wanted: %w", err)
	}
	return out, nil
}

func drift(path string, want, have any) []string {
	switch want := want.(type) {
	case map[string]any:
		have, _ := have.(map[string]any)
		if len(want) == 0 && len(have) > 0 {
			return []string{path}
		}
		var out []string
		for key, value := range want {
			out = append(out, drift(join(path, key), value, have[key])...)
		}
		return out
	case []any:
		have, _ := have.([]any)
		if len(want) != len(have) {
			return []string{path}
		}
		var out []string
		for i := range want {
			out = append(out, drift(fmt.Sprintf("%s[%d]", path, i), want[i], have[i])...)
		}
		return out
	}
	if want == have || empty(want) && empty(have) {
		return nil
	}
	return []string{path}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func empty(v any) bool { return v == nil || v == "" }
