package gate_test

import (
	"context"
	"fmt"
	"testing"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
)

// unreadable is what the API server says of kinds that the webhook has no right to read.
type unreadable struct{ facts.OwnerReader }

func (u unreadable) Owner(ctx context.Context, kind review.Kind, namespace, name string) (facts.Owner, error) {
	if kind.Kind == "ConfigMap" {
		return facts.Owner{}, facts.ErrOwnerKind
	}
	return u.OwnerReader.Owner(ctx, kind, namespace, name)
}

func TestOwnersThatPeopleName(t *testing.T) {
	w := newWorld(t)
	w.make(deployment("web", 2))
	refs := func(d doc) []any { return d["ownerReferences"].([]any) }
	good := refs(ownedBy("apps/v1", "Deployment", "web", "uid-web"))
	plain := refs(doc{"ownerReferences": []any{doc{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "uid-web"}}})
	forged := refs(ownedBy("apps/v1", "Deployment", "web", "uid-forged"))
	var many []any
	for i := range 9 {
		many = append(many, doc{"apiVersion": "apps/v1", "kind": "Deployment", "name": fmt.Sprint("w", i), "uid": "u"})
	}
	of := func(owners []any) doc {
		return doc{"metadata": doc{"name": "n", "uid": "uid-n", "ownerReferences": owners}}
	}
	w.gate.Owners = unreadable{w.gate.Owners}
	tests := map[string]struct {
		op       review.Operation
		now, old []any
		rule     string
	}{
		"hers":                                  {review.Create, good, nil, ""},
		"hers, not a controller":                {review.Create, plain, nil, ""},
		"none":                                  {review.Create, nil, nil, ""},
		"forged UID":                            {review.Create, forged, nil, "identity/no-owner"},
		"dangling":                              {review.Create, refs(ownedBy("apps/v1", "Deployment", "gone", "uid-gone")), nil, "identity/no-owner"},
		"cluster-scoped":                        {review.Create, refs(ownedBy("v1", "Namespace", aliceNS, "uid-ns")), nil, "identity/no-owner"},
		"without a UID":                         {review.Create, refs(ownedBy("apps/v1", "Deployment", "web", "")), nil, "identity/no-owner"},
		"one good and one forged":               {review.Create, append(append([]any{}, plain...), forged...), nil, "identity/no-owner"},
		"too many":                              {review.Create, many, nil, "identity/too-many-owners"},
		"forged by an update":                   {review.Update, forged, nil, "identity/no-owner"},
		"forged in place of a good":             {review.Update, forged, good, "identity/no-owner"},
		"of a kind that we may not read, plain": {review.Create, refs(doc{"ownerReferences": []any{doc{"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "u"}}}), nil, ""},
		"of a kind that we may not read, controls": {review.Create, refs(ownedBy("v1", "ConfigMap", "c", "u")), nil, "identity/owner-kind"},
		"left as it was": {review.Update, forged, forged, ""},
		"taken away":     {review.Update, nil, forged, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w.t = t
			c := note("local:alice", test.op, of(test.now), nil)
			if test.op == review.Update {
				c.old = of(test.old)
			}
			v, _ := w.write(c)
			if test.rule == "" {
				w.allowed(v)
				return
			}
			w.denied(v, test.rule)
		})
	}
}
