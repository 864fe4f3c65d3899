package suite

// Report is what became of a run.
type Report struct {
	Suites []SuiteResult `json:"suites"`
	Counts
}

// Counts are of cases, and of tests that have none.
type Counts struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// SuiteResult is what became of one file.
type SuiteResult struct {
	File string `json:"file"`
	Name string `json:"name,omitempty"`
	// Skip is set when the file asks to be left out.
	Skip    bool         `json:"skip,omitempty"`
	Problem string       `json:"problem,omitempty"`
	Notes   []string     `json:"notes,omitempty"`
	Tests   []TestResult `json:"tests"`
	Counts
}

// TestResult is what became of one constraint.
type TestResult struct {
	Name    string       `json:"name"`
	Skipped bool         `json:"skipped,omitempty"`
	Problem string       `json:"problem,omitempty"`
	Cases   []CaseResult `json:"cases"`
}

// CaseResult is what became of one object.
type CaseResult struct {
	Name    string `json:"name"`
	Skipped bool   `json:"skipped,omitempty"`
	Problem string `json:"problem,omitempty"`
	// Violations are the messages.
	Violations []string `json:"violations,omitempty"`
}

func (c *Counts) add(skipped bool, problem string) {
	switch {
	case skipped:
		c.Skipped++
	case problem != "":
		c.Failed++
	default:
		c.Passed++
	}
}

// finish counts.
func (s *SuiteResult) finish() {
	if s.Skip || s.Problem != "" {
		s.add(s.Skip, s.Problem)
	}
	for _, t := range s.Tests {
		if t.Skipped || t.Problem != "" || len(t.Cases) == 0 {
			s.add(t.Skipped, t.Problem)
		}
		for _, c := range t.Cases {
			s.add(c.Skipped, c.Problem)
		}
	}
}
