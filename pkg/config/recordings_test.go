package config

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValidateRecordings(t *testing.T) {
	on := Recordings{Directory: "/var/lib/recordings", Sample: 0.5, MaxBytes: 1 << 20, KeyFile: "/etc/key"}
	tests := map[string]struct {
		change func(*Recordings)
		want   []string
	}{
		"on":                 {func(*Recordings) {}, nil},
		"off":                {func(r *Recordings) { *r = Recordings{Sample: 1, MaxBytes: 1} }, nil},
		"everything":         {func(r *Recordings) { r.Sample = 1 }, nil},
		"key alone":          {func(r *Recordings) { r.Directory = "" }, []string{"recordings.directory"}},
		"no key":             {func(r *Recordings) { r.KeyFile = "" }, []string{"recordings.keyFile"}},
		"a relative folder":  {func(r *Recordings) { r.Directory = "recordings" }, []string{"recordings.directory"}},
		"nothing of it":      {func(r *Recordings) { r.Sample = 0 }, []string{"recordings.sample"}},
		"more than all":      {func(r *Recordings) { r.Sample = 1.1 }, []string{"recordings.sample"}},
		"less than nothing":  {func(r *Recordings) { r.Sample = -0.1 }, []string{"recordings.sample"}},
		"no room":            {func(r *Recordings) { r.MaxBytes = 1<<20 - 1 }, []string{"recordings.maxBytes"}},
		"everything at once": {func(r *Recordings) { *r = Recordings{Directory: "x"} }, []string{"recordings.directory", "recordings.keyFile", "recordings.maxBytes", "recordings.sample"}},
	}
	for name, test := range tests {
		c := valid()
		c.Recordings = on
		test.change(&c.Recordings)
		var got []string
		for _, problem := range c.Validate() {
			got = append(got, problem.Field)
		}
		if diff := cmp.Diff(test.want, slices.Sorted(slices.Values(got))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if c := valid(); c.Recordings.Directory != "" {
		t.Error("recordings are on by default")
	}
}
