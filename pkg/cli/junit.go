package cli

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"gatehouse.dev/gatehouse/pkg/review"
)

// JUnit's XML, as CI systems read it: a suite a file, a case an object.
type (
	junit struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr,omitempty"`
		Failure *junitProblem `xml:"failure,omitempty"`
		Error   *junitProblem `xml:"error,omitempty"`
		Skipped *junitSkipped `xml:"skipped,omitempty"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
)

func writeJUnit(w io.Writer, all judgement) error {
	report := junit{Name: "gatehouse check"}
	for _, r := range all.Results {
		c := junitCase{Name: r.Object, Class: r.File, File: r.File, Line: r.Line, Out: strings.Join(r.Warnings, "\n")}
		problem := &junitProblem{Message: fmt.Sprintf("%s by %s", r.Outcome, strings.Join(r.Rules, ", ")), Type: strings.Join(r.Rules, ","), Text: r.Message}
		switch r.Outcome {
		case review.Allowed.String():
		case review.Denied.String():
			c.Failure = problem
		default:
			problem.Message, problem.Type = r.Message, r.Outcome
			c.Error = problem
		}
		report.add(c)
	}
	for _, s := range all.Skipped {
		report.add(junitCase{Name: s.File, Class: s.File, File: s.File, Skipped: &junitSkipped{s.Reason}})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// add puts a case into its file's suite and counts it.
func (r *junit) add(c junitCase) {
	if len(r.Suites) == 0 || r.Suites[len(r.Suites)-1].Name != c.Class {
		r.Suites = append(r.Suites, junitSuite{Name: c.Class})
	}
	s := &r.Suites[len(r.Suites)-1]
	s.Cases = append(s.Cases, c)
	count := func(total, own *int, yes bool) {
		if yes {
			*total++
			*own++
		}
	}
	count(&r.Tests, &s.Tests, true)
	count(&r.Failures, &s.Failures, c.Failure != nil)
	count(&r.Errors, &s.Errors, c.Error != nil)
	count(&r.Skipped, &s.Skipped, c.Skipped != nil)
}
