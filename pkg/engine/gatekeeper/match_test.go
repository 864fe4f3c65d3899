package gatekeeper

import (
	"errors"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
)

func TestMatch(t *testing.T) {
	v1 := schemaTemplate(t, "v1")
	pod := Object{Kind: "Pod", Namespace: "team-a", Name: "web-1", Labels: labels.Set{"app": "web"}}
	deployment := Object{Group: "apps", Kind: "Deployment", Namespace: "team-a", Name: "web", Labels: labels.Set{}}
	namespace := Object{Kind: "Namespace", Name: "team-a", Labels: labels.Set{"tier": "one"}}
	role := Object{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: "system:admin", Labels: labels.Set{}}
	all := map[string]Object{"pod": pod, "deployment": deployment, "namespace": namespace, "role": role}
	for name, tt := range map[string]struct {
		match string
		want  []string
	}{
		"nothing said":            {"{}", []string{"pod", "deployment", "namespace", "role"}},
		"a kind":                  {"{kinds: [{apiGroups: [''], kinds: [Pod]}]}", []string{"pod"}},
		"another group's":         {"{kinds: [{apiGroups: [apps], kinds: [Pod]}]}", nil},
		"two entries":             {"{kinds: [{apiGroups: [''], kinds: [Pod]}, {apiGroups: [apps], kinds: [Deployment]}]}", []string{"pod", "deployment"}},
		"every kind of a group":   {"{kinds: [{apiGroups: [apps], kinds: ['*']}]}", []string{"deployment"}},
		"every group":             {"{kinds: [{apiGroups: ['*'], kinds: [Deployment]}]}", []string{"deployment"}},
		"no groups":               {"{kinds: [{kinds: [ClusterRole]}]}", []string{"role"}},
		"no kinds":                {"{kinds: [{apiGroups: ['']}]}", []string{"pod", "namespace"}},
		"case":                    {"{kinds: [{kinds: [pod]}]}", nil},
		"in a namespace":          {"{scope: Namespaced}", []string{"pod", "deployment"}},
		"in none":                 {"{scope: Cluster}", []string{"namespace", "role"}},
		"either":                  {"{scope: '*'}", []string{"pod", "deployment", "namespace", "role"}},
		"namespaces":              {"{namespaces: [team-a]}", []string{"pod", "deployment", "namespace", "role"}},
		"other namespaces":        {"{namespaces: [team-b]}", []string{"role"}},
		"a prefix":                {"{namespaces: ['team-*']}", []string{"pod", "deployment", "namespace", "role"}},
		"a suffix":                {"{namespaces: ['*-b']}", []string{"role"}},
		"a part":                  {"{excludedNamespaces: ['*am*']}", []string{"role"}},
		"excluded":                {"{excludedNamespaces: [kube-system, 'team*']}", []string{"role"}},
		"excluded of those":       {"{namespaces: ['*'], excludedNamespaces: [team-a]}", []string{"role"}},
		"a name":                  {"{name: web}", []string{"deployment"}},
		"a name's prefix":         {"{name: 'web*'}", []string{"pod", "deployment"}},
		"a name with colons":      {"{name: 'system:*'}", []string{"role"}},
		"labels":                  {"{labelSelector: {matchLabels: {app: web}}}", []string{"pod"}},
		"labels that are not":     {"{labelSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}", []string{"deployment", "namespace", "role"}},
		"one of":                  {"{labelSelector: {matchExpressions: [{key: app, operator: In, values: [api, web]}]}}", []string{"pod"}},
		"none of":                 {"{labelSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}", []string{"deployment", "namespace", "role"}},
		"the namespace's labels":  {"{namespaceSelector: {matchLabels: {tier: one}}}", []string{"pod", "deployment", "namespace", "role"}},
		"other labels of it":      {"{namespaceSelector: {matchLabels: {tier: two}}}", []string{"role"}},
		"an empty selector":       {"{labelSelector: {}, namespaceSelector: {}}", []string{"pod", "deployment", "namespace", "role"}},
		"original":                {"{source: Original}", []string{"pod", "deployment", "namespace", "role"}},
		"generated":               {"{source: Generated}", nil},
		"any source":              {"{source: All}", []string{"pod", "deployment", "namespace", "role"}},
		"everything has to hold":  {"{kinds: [{kinds: [Pod]}], namespaces: [team-a], labelSelector: {matchLabels: {app: api}}}", nil},
		"everything indeed holds": {"{kinds: [{kinds: [Pod]}], namespaces: [team-a], labelSelector: {matchLabels: {app: web}}, name: web-1}", []string{"pod"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := constraintOf(t, v1, "{parameters: {must: x}, match: "+tt.match+"}")
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]bool{}
			for _, name := range tt.want {
				want[name] = true
			}
			for name, object := range all {
				s := &Subject{Objects: []Object{object}, Namespace: object.Namespace, NamespaceLabels: labels.Set{"tier": "one"}}
				got, err := c.Match.Fits(s)
				if err != nil || got != want[name] {
					t.Errorf("%s: got %v, %v, want %v", name, got, err, want[name])
				}
			}
		})
	}
}

// TestMatchOddities holds what no table of kinds shows.
func TestMatchOddities(t *testing.T) {
	v1 := schemaTemplate(t, "v1")
	match := func(text string) *Match {
		c, err := constraintOf(t, v1, "{parameters: {must: x}, match: "+text+"}")
		if err != nil {
			t.Fatal(err)
		}
		return &c.Match
	}
	old := Object{Kind: "Pod", Namespace: "a", Name: "x", Labels: labels.Set{"app": "web"}}
	changed := old
	changed.Labels = labels.Set{}
	for name, tt := range map[string]struct {
		match   string
		subject Subject
		want    bool
		err     error
	}{
		"the old one fits":         {"{labelSelector: {matchLabels: {app: web}}}", Subject{Objects: []Object{changed, old}}, true, nil},
		"neither fits":             {"{labelSelector: {matchLabels: {app: api}}}", Subject{Objects: []Object{changed, old}}, false, nil},
		"no object":                {"{}", Subject{}, false, nil},
		"the request's namespace":  {"{namespaces: [b]}", Subject{Objects: []Object{{Kind: "PodExecOptions"}}, Namespace: "b"}, true, nil},
		"a name to be made":        {"{name: 'web-*'}", Subject{Objects: []Object{{Kind: "Pod", GenerateName: "web-1-"}}}, true, nil},
		"a name to be made, whole": {"{name: web-1-}", Subject{Objects: []Object{{Kind: "Pod", GenerateName: "web-1-"}}}, false, nil},
		"labels nobody knows":      {"{namespaceSelector: {matchLabels: {a: b}}}", Subject{Objects: []Object{old}}, false, ErrNamespace},
		"and that decide nothing":  {"{kinds: [{kinds: [Job]}], namespaceSelector: {matchLabels: {a: b}}}", Subject{Objects: []Object{old}}, false, nil},
		"made by an expansion":     {"{source: Generated}", Subject{Objects: []Object{old}, Generated: true}, true, nil},
		"not the original":         {"{source: Original}", Subject{Objects: []Object{old}, Generated: true}, false, nil},
	} {
		got, err := match(tt.match).Fits(&tt.subject)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %v, %v, want %v, %v", name, got, err, tt.want, tt.err)
		}
	}
}
