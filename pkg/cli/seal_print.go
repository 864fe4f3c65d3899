package cli

import (
	"fmt"
	"io"
)

// namespaceSummary is one namespace's part of a survey.
type namespaceSummary struct {
	Namespace string `json:"namespace"`
	// Objects that were looked at; of these Unsealed are unsealed: Sealed were or would
	// be sealed, Failed could not be, Left have an owner or are the platform's.
	Objects  int `json:"objects"`
	Unsealed int `json:"unsealed"`
	Sealed   int `json:"sealed"`
	Failed   int `json:"failed"`
	Left     int `json:"left"`
}

// summary gives a line for every namespace that was looked through.
func (v *survey) summary() []namespaceSummary {
	out := make([]namespaceSummary, 0, len(v.namespaces))
	for _, ns := range v.namespaces {
		out = append(out, namespaceSummary{
			Namespace: ns, Objects: v.looked[ns], Unsealed: v.count(ns, resultFound, resultDone, resultWouldBe, resultFailed, resultLeftOwner, resultLeftOther),
			Sealed: v.count(ns, resultDone, resultWouldBe), Failed: v.count(ns, resultFailed), Left: v.count(ns, resultLeftOwner, resultLeftOther),
		})
	}
	return out
}

// print writes the table, and below it what could not be looked at.
func (v *survey) print(w io.Writer) error {
	if len(v.unsealed) > 0 {
		t := table{}
		t.add("NAMESPACE", "KIND", "NAME", "REASON", "OWNER", "RESULT", "MESSAGE")
		for _, u := range v.unsealed {
			t.add(u.Namespace, u.Kind, u.Name, u.Reason, u.Owner, u.Result, u.Message)
		}
		if err := t.write(w); err != nil {
			return err
		}
	}
	for _, u := range v.unread {
		if _, err := fmt.Fprintf(w, "not looked at: %s: %s\n", cell(u.Resource), cell(oneLine(u.Message))); err != nil {
			return err
		}
	}
	return nil
}
