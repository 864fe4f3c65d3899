package passport_test

import (
	"errors"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/passport"
)

func TestBoundTo(t *testing.T) {
	named := passport.Object{Group: "batch", Kind: "Job", Namespace: "claude-runner-user-alice", Name: "a"}
	drawn := named
	drawn.Name, drawn.GenerateName = "", "run-"
	long := drawn
	long.GenerateName = strings.Repeat("g", 70)
	with := func(o passport.Object, change func(*passport.Object)) passport.Object { change(&o); return o }

	tests := map[string]struct {
		bound, found passport.Object
		fits         bool
	}{
		"same":                   {named, named, true},
		"keeps its generateName": {named, with(named, func(o *passport.Object) { o.GenerateName = "a-" }), true},
		"other name":             {named, with(named, func(o *passport.Object) { o.Name = "b" }), false},
		"prefix of the name":     {named, with(named, func(o *passport.Object) { o.Name = "ab" }), false},
		"no name":                {named, with(named, func(o *passport.Object) { o.Name = "" }), false},
		"other case":             {named, with(named, func(o *passport.Object) { o.Name = "A" }), false},
		"other namespace":        {named, with(named, func(o *passport.Object) { o.Namespace = "claude-runner-user-bob" }), false},
		"no namespace":           {named, with(named, func(o *passport.Object) { o.Namespace = "" }), false},
		"other group":            {named, with(named, func(o *passport.Object) { o.Group = "" }), false},
		"other kind":             {named, with(named, func(o *passport.Object) { o.Kind = "CronJob" }), false},
		"not named yet":          {drawn, drawn, true},
		"named by lot":           {drawn, with(drawn, func(o *passport.Object) { o.Name = "run-x7k2p" }), true},
		"generateName gone":      {drawn, with(named, func(o *passport.Object) { o.Name = "run-x7k2p" }), true},
		"bare prefix":            {drawn, with(drawn, func(o *passport.Object) { o.Name = "run-" }), false},
		"other prefix":           {drawn, with(drawn, func(o *passport.Object) { o.Name = "runx-x7k2p" }), false},
		"other generateName":     {drawn, with(drawn, func(o *passport.Object) { o.GenerateName = "run-x" }), false},
		"right name, other generateName": {drawn, with(drawn, func(o *passport.Object) {
			o.Name, o.GenerateName = "run-x7k2p", "r"
		}), false},
		"neither":               {drawn, with(drawn, func(o *passport.Object) { o.GenerateName = "" }), false},
		"long generateName cut": {long, with(long, func(o *passport.Object) { o.Name = strings.Repeat("g", 58) + "x7k2p" }), true},
		"bound to nothing":      {passport.Object{}, passport.Object{}, false},
		"kind only":             {passport.Object{Kind: "Job"}, passport.Object{Kind: "Job"}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := passport.UserPassport{Object: tc.bound}.BoundTo(tc.found)
			if tc.fits && err != nil {
				t.Error(err)
			}
			if !tc.fits && !errors.Is(err, passport.ErrWrongObject) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestWrongObjectNamesBothOnOneLine(t *testing.T) {
	p := passport.UserPassport{Object: passport.Object{Group: "batch", Kind: "Job", Namespace: "a", GenerateName: "x-"}}
	err := p.BoundTo(passport.Object{Kind: "Pod", Namespace: "b", Name: "y\ninjected"})
	want := `passport is bound to another object: it is for "Job.batch a/x-*", not for "Pod b/y\ninjected"`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestObjectSays(t *testing.T) {
	for want, o := range map[string]passport.Object{
		"Job.batch alice/a": {Group: "batch", Kind: "Job", Namespace: "alice", Name: "a", GenerateName: "b-"},
		"Pod alice/b-*":     {Kind: "Pod", Namespace: "alice", GenerateName: "b-"},
		"Namespace alice":   {Kind: "Namespace", Name: "alice"},
		"Pod alice/":        {Kind: "Pod", Namespace: "alice"},
	} {
		if got := o.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if err := (passport.UserPassport{}).BoundTo(passport.Object{}); !errors.Is(err, passport.ErrWrongObject) {
		t.Errorf("a passport for nothing fits an object without a kind: %v", err)
	}
	nameless := passport.Object{Name: "a"}
	if err := (passport.UserPassport{Object: nameless}).BoundTo(nameless); !errors.Is(err, passport.ErrWrongObject) {
		t.Errorf("a passport without a kind fits: %v", err)
	}
}
