package api

import "testing"

func TestPath(t *testing.T) {
	resources := Resources{
		"v1 Pod":                      {"pods", true},
		"v1 Namespace":                {"namespaces", false},
		"gatehouse.dev/v1alpha1 Tier": {"tiers", false},
		"apps/v1 Deployment":          {"deployments", true},
	}
	object := func(apiVersion, kind, namespace, name string) Object {
		return Object{"apiVersion": apiVersion, "kind": kind, "metadata": Object{"namespace": namespace, "name": name}}
	}
	tests := map[string]struct {
		object Object
		want   string // empty = refused
	}{
		"core":              {object("v1", "Pod", "a", "p"), "/api/v1/namespaces/a/pods/p"},
		"default namespace": {object("v1", "Pod", "", "p"), "/api/v1/namespaces/default/pods/p"},
		"core cluster":      {object("v1", "Namespace", "", "n"), "/api/v1/namespaces/n"},
		"group":             {object("apps/v1", "Deployment", "a", "d"), "/apis/apps/v1/namespaces/a/deployments/d"},
		"group cluster":     {object("gatehouse.dev/v1alpha1", "Tier", "", "t"), "/apis/gatehouse.dev/v1alpha1/tiers/t"},
		"name with colon":   {object("v1", "Namespace", "", "a:b/c"), "/api/v1/namespaces/a:b%2Fc"},
		"unknown":           {object("v2", "Pod", "", "p"), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := resources.Path(test.object)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Fatalf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestCondition(t *testing.T) {
	object := Object{"status": Object{"conditions": []any{
		Object{"type": "Ready", "status": "False", "reason": "NoTier", "message": "tier gold is missing"},
		Object{"type": "Bound", "status": "True"},
	}}}
	if Condition(object, "Ready") || !Condition(object, "Bound") || Condition(object, "Other") || Condition(nil, "Ready") {
		t.Error("a condition is misread")
	}
	if got := ConditionMessage(object, "Ready"); got != "NoTier tier gold is missing" {
		t.Errorf("got %q", got)
	}
	if got := ConditionMessage(Object{}, "Ready"); got != "nothing reported yet" {
		t.Errorf("got %q", got)
	}
}
