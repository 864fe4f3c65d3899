package suite

import (
	"context"
	"os"
	"testing"
	"time"
)

// TestLibrary runs every suite of testdata: each says itself what it wants.
func TestLibrary(t *testing.T) {
	fsys := os.DirFS("testdata")
	found, err := Find(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	report := Run(context.Background(), found, Options{Files: fsys, Now: time.Unix(0, 0)})
	if len(report.Suites) != 8 || report.Failed != 0 || report.Skipped != 1 || report.Passed != 44 {
		t.Errorf("%d suites, %d passed, %d failed, %d skipped", len(report.Suites), report.Passed, report.Failed, report.Skipped)
	}
	for _, s := range report.Suites {
		if s.Problem != "" || len(s.Notes) > 0 {
			t.Errorf("%s: %s %v", s.File, s.Problem, s.Notes)
		}
		for _, test := range s.Tests {
			if test.Problem != "" {
				t.Errorf("%s, %s: %s", s.File, test.Name, test.Problem)
			}
			for _, c := range test.Cases {
				if c.Problem != "" {
					t.Errorf("%s, %s, %s: %s", s.File, test.Name, c.Name, c.Problem)
				}
			}
		}
	}
}
