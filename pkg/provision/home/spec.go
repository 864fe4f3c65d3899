package home

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// Name of the tenant's ResourceQuota and LimitRange.
const Name = "gatehouse"

// LabelManagedBy marks what the provisioner keeps in a tenant's namespace.
const (
	LabelManagedBy = "app.kubernetes.io/managed-by"
	ManagedBy      = "gatehouse"
	// LabelServer marks the Pods of the webhook and of the provisioner.
	LabelServer = "gatehouse.dev/server"
)

// Spec is everything that a home depends on.
type Spec struct {
	// Tenant is the name, UID that of the Tenant object.
	Tenant       string
	UID          types.UID
	Owner        string
	Organization string
	Tier         string
	// Namespace of the tenant, SystemNamespace where Gatehouse and what sessions call
	// are.
	Namespace       string
	SystemNamespace string
	// Admins of the organization; Auditors are named by the platform.
	Admins   []v1alpha1.Member
	Auditors []v1alpha1.Member
	// Limits in force, by dimension. A dimension of the fence that nobody limits is
	// fenced at zero.
	Limits map[string]tenant.Limit
	// SessionsCounted says that the cluster's quota controller knows sessions. Until it
	// does, a quota on their number would refuse each of them.
	SessionsCounted bool
}

// Object is an apply configuration that knows its name.
type Object interface {
	runtime.ApplyConfiguration
	GetAPIVersion() *string
	GetKind() *string
	GetNamespace() *string
	GetName() *string
}

// Objects are what stands in the namespace, in the order in which it is wanted: what
// keeps others out comes first.
func Objects(s Spec) []Object {
	var out []Object
	out = append(out, networkPolicies(s)...)
	out = append(out, accounts(s)...)
	out = append(out, resourceQuota(s), limitRange(s))
	return append(out, roleBindings(s)...)
}

func (s Spec) labels() map[string]string {
	return map[string]string{v1alpha1.LabelTenant: s.Tenant, LabelManagedBy: ManagedBy}
}

func (s Spec) annotations() map[string]string {
	return map[string]string{v1alpha1.AnnotationTenantUID: string(s.UID)}
}
