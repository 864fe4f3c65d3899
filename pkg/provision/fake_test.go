package provision

import (
	"context"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/provision/home"
)

const (
	prefix = "claude-runner-user-"
	system = "claude-runner-system"
)

// server is an API server in memory that counts what is written.
type server struct {
	client.Client
	writes atomic.Int64
}

func newServer(t *testing.T, objects ...client.Object) *server {
	t.Helper()
	scheme, err := newScheme()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{}
	// The fake's converter for built-in kinds cannot apply a NetworkPolicy.
	s.Client = fake.NewClientBuilder().WithTypeConverters(managedfields.NewDeducedTypeConverter()).WithScheme(scheme).WithObjects(objects...).WithReturnManagedFields().
		WithStatusSubresource(&v1alpha1.Tenant{}, &v1alpha1.Organization{}, &v1alpha1.Policy{}).
		WithInterceptorFuncs(interceptor.Funcs{
			Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
				s.writes.Add(1)
				if o.GetUID() == "" {
					o.SetUID(types.UID("uid-of-" + o.GetName()))
				}
				return c.Create(ctx, o, opts...)
			},
			Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
				s.writes.Add(1)
				return c.Update(ctx, o, opts...)
			},
			Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
				s.writes.Add(1)
				return c.Patch(ctx, o, p, opts...)
			},
			Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
				s.writes.Add(1)
				return c.Apply(ctx, o, opts...)
			},
			Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
				s.writes.Add(1)
				return c.Delete(ctx, o, opts...)
			},
			SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
				s.writes.Add(1)
				return c.SubResource(sub).Patch(ctx, o, p, opts...)
			},
		}).Build()
	return s
}

// count does what the quota controller does.
func (s *server) count(t *testing.T, q *corev1.ResourceQuota) {
	t.Helper()
	q.Status.Hard, q.Status.Used = q.Spec.Hard, corev1.ResourceList{}
	for name := range q.Spec.Hard {
		q.Status.Used[name] = resource.Quantity{}
	}
	if err := s.Update(t.Context(), q); err != nil {
		t.Fatal(err)
	}
}

// written counts the writes of one act.
func (s *server) written(act func()) int64 {
	before := s.writes.Load()
	act()
	return s.writes.Load() - before
}

func limits(sessions string) []v1alpha1.Limit {
	return []v1alpha1.Limit{
		{Dimension: "sessions", Amount: intstr.Parse(sessions)},
		{Dimension: "cpu", Amount: intstr.FromString("8")},
		{Dimension: "gpu", Amount: intstr.FromString(v1alpha1.Unlimited)},
	}
}

// acme is the organization of alice, with everything that she needs.
func acme() []client.Object {
	return []client.Object{
		&v1alpha1.Tier{ObjectMeta: metav1.ObjectMeta{Name: "standard"}, Spec: v1alpha1.TierSpec{Rank: 1, Limits: limits("3")}},
		&v1alpha1.Model{ObjectMeta: metav1.ObjectMeta{Name: "claude-sonnet"}},
		&v1alpha1.Organization{
			ObjectMeta: metav1.ObjectMeta{Name: "acme", UID: "acme-1", Generation: 1},
			Spec: v1alpha1.OrganizationSpec{
				Admins: []v1alpha1.Member{{User: "local:carol"}}, Tiers: []string{"standard"},
				Models: []v1alpha1.GrantedModel{{Name: "claude-sonnet", MinTier: "standard"}},
			},
		},
		&v1alpha1.OrganizationSettings{
			ObjectMeta: metav1.ObjectMeta{Name: "acme"},
			Spec: v1alpha1.OrganizationSettingsSpec{
				Grants: []v1alpha1.ModelGrant{{Role: v1alpha1.RoleMember, Models: []string{"claude-sonnet"}}},
			},
		},
	}
}

func alice() *v1alpha1.Tenant {
	return &v1alpha1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: "alice", UID: "alice-1", Generation: 1},
		Spec:       v1alpha1.TenantSpec{Owner: v1alpha1.TenantOwner{User: "local:alice"}, Organization: "acme", Tier: "standard"},
	}
}

func rootConfigMap(namespace string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: rootCA}}
}

func namespaceOf(name string, uid types.UID) *corev1.Namespace {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: prefix + name, UID: types.UID("uid-of-" + prefix + name)}}
	if uid != "" {
		ns.Annotations = map[string]string{v1alpha1.AnnotationTenantUID: string(uid)}
		ns.Labels = map[string]string{v1alpha1.LabelTenant: name, home.LabelManagedBy: home.ManagedBy}
	}
	return ns
}
