package tenant

import (
	"testing"

	"gatehouse.dev/gatehouse/pkg/review"
)

func TestClassify(t *testing.T) {
	c := Callers{
		Aliases: []string{"local", "corp"}, SystemNamespace: "claude-runner-system", NamespacePrefix: "claude-runner-user-",
		PlatformUsers: []string{"corp:root"}, PlatformGroups: []string{"system:masters", "corp:platform", "system:serviceaccounts"},
		Controllers: ControllerTable{Rules: BuiltinControllers(), Shared: "system:kube-controller-manager"},
	}
	for _, tc := range []struct {
		username string
		groups   []string
		want     Class
	}{
		{"local:alice", []string{GroupUsers}, ClassHuman},
		{"local:alice", nil, ClassHuman},
		{"local:", nil, ClassUnknown},
		{"other:alice", []string{GroupUsers}, ClassUnknown},
		{"localalice", nil, ClassUnknown},
		{"", nil, ClassUnknown},
		{"system:anonymous", []string{"system:unauthenticated"}, ClassUnknown},
		{"corp:root", nil, ClassPlatform},
		{"local:root", []string{"corp:platform"}, ClassPlatform},
		{"kubernetes-admin", []string{"system:masters"}, ClassPlatform},
		{"system:serviceaccount:claude-runner-system:gatehouse-provisioner", nil, ClassPlatform},
		{"system:serviceaccount:claude-runner-system:gatehouse-webhook", nil, ClassPlatform},
		{"system:serviceaccount:claude-runner-system:other", nil, ClassUnknown},
		{"system:serviceaccount:other:gatehouse-provisioner", nil, ClassUnknown},
		{"system:serviceaccount:claude-runner-user-alice:gatehouse-provisioner", nil, ClassServiceAccount},
		{"system:serviceaccount:claude-runner-user-alice:deployer", nil, ClassDeployer},
		{"system:serviceaccount:claude-runner-user-alice:x", []string{"system:serviceaccounts", "system:masters"}, ClassServiceAccount},
		{"system:serviceaccount:kube-system:job-controller", nil, ClassController},
		{"system:serviceaccount:kube-system:coredns", nil, ClassUnknown},
		{"system:kube-controller-manager", nil, ClassController},
		{"system:kube-scheduler", nil, ClassController},
		{"*", nil, ClassUnknown},
		{"system:node:n1", []string{"system:nodes"}, ClassNode},
		{"system:node:n1", nil, ClassUnknown},
	} {
		if got := c.Classify(review.Subject{Username: tc.username, Groups: tc.groups}); got.Class != tc.want {
			t.Errorf("%q %v is %s, want %s", tc.username, tc.groups, got.Class, tc.want)
		}
	}
}

func TestSharedIdentityHasOnlyTheControllersRows(t *testing.T) {
	table := ControllerTable{Rules: BuiltinControllers(), Shared: "system:kube-controller-manager"}
	find := func(identity, group, resource, sub string, op review.Operation, name string) int {
		return len(table.Find(identity, review.Request{Operation: op, SubResource: sub, Resource: review.Resource{Group: group, Resource: resource}}, name))
	}
	for _, c := range []struct {
		identity, group, resource, sub string
		op                             review.Operation
		name                           string
		some                           bool
	}{
		{"system:kube-controller-manager", "", "pods", "", review.Create, "p", true},
		{"system:kube-controller-manager", "", "pods", "binding", review.Create, "p", false},
		{"system:kube-controller-manager", "", "secrets", "", review.Create, "s", false},
		{"system:kube-controller-manager", "", "configmaps", "", review.Create, "kube-root-ca.crt", true},
		{"system:kube-controller-manager", "", "configmaps", "", review.Create, "other", false},
		{"system:kube-scheduler", "", "pods", "binding", review.Create, "p", true},
		{"system:kube-scheduler", "", "pods", "", review.Create, "p", false},
		{"system:kube-scheduler", "", "pods", "exec", review.Connect, "p", false},
		{"system:serviceaccount:kube-system:job-controller", "apps", "replicasets", "", review.Create, "r", false},
		{"somebody", "", "events", "", review.Create, "e", false},
	} {
		if n := find(c.identity, c.group, c.resource, c.sub, c.op, c.name); (n > 0) != c.some {
			t.Errorf("%s %s %s/%s %s: %d rows, some=%v", c.identity, c.op, c.resource, c.sub, c.name, n, c.some)
		}
	}
}
