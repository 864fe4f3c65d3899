package main

import (
	"go/format"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSwitched(t *testing.T) {
	t.Parallel()
	const source = `package p

func f(a, b bool, err error) bool {
	if v := a; v && (b || !a) {
		return a && b
	}
	if err != nil {
		return false
	}
	switch {
	case a == b, b:
	}
	switch a {
	case b:
	}
	return a
}
`
	list, err := points("f.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	const want = `package p

func f(a, b bool, err error) bool {
	if v := a; gatehouseBroken(7, v) && (gatehouseBroken(8, b) || gatehouseBroken(9, !a)) {
		return gatehouseBroken(10, a) && gatehouseBroken(11, b)
	}
	if err != nil {
		return false
	}
	switch {
	case gatehouseBroken(12, a == b), gatehouseBroken(13, b):
	}
	switch a {
	case b:
	}
	return a
}
`
	if diff := cmp.Diff(want, string(switched([]byte(source), list, 7))); diff != "" {
		t.Errorf("switched (-want +got):\n%s", diff)
	}
	if list[3].where != "f.go:5" || list[3].text != "a" {
		t.Errorf("the fourth is %+v", list[3])
	}
	if _, err := points("f.go", []byte("package")); err == nil {
		t.Error("no error for what is no Go")
	}
}

func TestHelperFile(t *testing.T) {
	t.Parallel()
	source := helperFile("gate")
	if got, err := format.Source(source); err != nil || string(got) != string(source) {
		t.Errorf("not formatted, or no Go (%v):\n%s", err, source)
	}
}
