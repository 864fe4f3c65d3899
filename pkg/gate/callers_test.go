package gate_test

import (
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// representative is one caller who stands for a class.
type representative struct {
	who    string // for people
	user   string
	groups []string
	// change of the platform, for callers who are in a state of their own.
	change func(*facts.Objects)
}

const breakGlassGroup = "local:break-glass"

// representatives has one caller for each row of docs/callers.md.
func representatives() []representative {
	users := []string{tenant.GroupUsers}
	accounts := []string{"system:serviceaccounts"}
	suspended := onTenant("alice", func(t *v1alpha1.Tenant) { t.Spec.Suspended = true })
	return []representative{
		{"a person, tenant alice", "local:alice", users, nil},
		{"the same, suspended", "local:alice", users, suspended},
		{"an admin of alice's organization", "local:carol", users, nil},
		{"a person of another organization, tenant bob", "local:bob", users, nil},
		{"a person without a tenant", "local:erin", users, nil},
		{"a service account of alice's", "system:serviceaccount:" + aliceNS + ":robot", accounts, nil},
		{"alice's deployer", "system:serviceaccount:" + aliceNS + ":deployer", accounts, nil},
		{"a controller that creates: job-controller", kubeSystem + "job-controller", accounts, nil},
		{"the same while alice is suspended", kubeSystem + "job-controller", accounts, suspended},
		{"all controllers under one identity", "system:kube-controller-manager", nil, nil},
		{"the scheduler", "system:kube-scheduler", nil, nil},
		{"the garbage collector", kubeSystem + "generic-garbage-collector", accounts, nil},
		{"the horizontal pod autoscaler", kubeSystem + "horizontal-pod-autoscaler", accounts, nil},
		{"a node", "system:node:n1", []string{"system:nodes"}, nil},
		{"the provisioner", "system:serviceaccount:claude-runner-system:gatehouse-provisioner", accounts, nil},
		{"a platform admin", "kubernetes-admin", []string{"system:masters"}, nil},
		{"break-glass", "local:zoe", []string{tenant.GroupUsers, breakGlassGroup}, nil},
		{"Argo CD's own account", "system:serviceaccount:argocd:argocd-application-controller", accounts, nil},
		{"any other service account", "system:serviceaccount:monitoring:agent", accounts, nil},
	}
}
