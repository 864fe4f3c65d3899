package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/pager"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// What became of an unsealed object.
const (
	resultFound     = "found"      // --list: nothing was tried
	resultDone      = "sealed"     // it carries the tenant's passport
	resultWouldBe   = "would seal" // --dry-run
	resultFailed    = "failed"
	resultLeftOwner = "left to its owner"
	resultLeftOther = "left alone" // the platform's own
)

// unsealedObject is one that carries no good passport.
type unsealedObject struct {
	Namespace string `json:"namespace"`
	// Kind reads Kind.group, the core group's the kind alone.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Reason is no-passport, named-key, or a word of passport.Reason.
	Reason string `json:"reason"`
	// Owner is the controller owner, Kind/name.
	Owner string `json:"owner,omitempty"`
	// Result is found, sealed, would seal, failed, left to its owner or left alone.
	Result  string `json:"result"`
	Message string `json:"message,omitempty"`

	in   place
	uid  types.UID
	wire string
}

// unreadKind is a kind that could not be looked at.
type unreadKind struct {
	Resource  string `json:"resource"`
	Namespace string `json:"namespace,omitempty"`
	Message   string `json:"message"`
}

// survey is what a run looked at and found.
type survey struct {
	namespaces []string
	looked     map[string]int // objects by namespace
	unsealed   []*unsealedObject
	unread     []unreadKind
}

// survey looks through the places in the tenants' namespaces.
func (s *sealer) survey(ctx context.Context, c *cluster, objects metadata.Interface, targets []target, by suspicion) (*survey, error) {
	out := &survey{looked: map[string]int{}, unsealed: []*unsealedObject{}, unread: []unreadKind{}}
	var err error
	if out.namespaces, err = s.tenantNamespaces(ctx, c); err != nil {
		return nil, err
	}
	places, unread, err := c.places(targets)
	if err != nil {
		return nil, err
	}
	out.unread = append(out.unread, unread...)
	for _, in := range places {
		if in.name != "" {
			err = s.lookAt(ctx, c, objects, in, by, out)
		} else {
			err = s.lookThrough(ctx, c, objects, in, by, out)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			out.unread = append(out.unread, unreadKind{Resource: in.resource.GroupResource().String(), Message: err.Error()})
		}
	}
	slices.SortFunc(out.unsealed, func(a, b *unsealedObject) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	total := 0
	for _, n := range out.looked {
		total += n
	}
	fmt.Fprintf(s.env.Err, "Looked at: namespaces %d, kinds %d, objects %d. Unsealed: %d.\n", len(out.namespaces), len(places), total, len(out.unsealed))
	return out, nil
}

// tenantNamespaces are those that are asked for and carry the tenant label.
func (s *sealer) tenantNamespaces(ctx context.Context, c *cluster) ([]string, error) {
	if s.all {
		var list corev1.NamespaceList
		if err := c.List(ctx, &list, client.HasLabels{v1alpha1.LabelTenant}); err != nil {
			return nil, fmt.Errorf("list the tenants' namespaces: %w", err)
		}
		var names []string
		for _, ns := range list.Items {
			names = append(names, ns.Name)
		}
		slices.Sort(names)
		return names, nil
	}
	var ns corev1.Namespace
	switch err := c.Get(ctx, client.ObjectKey{Name: c.namespace}, &ns); {
	case apierrors.IsForbidden(err):
		// Members read what is in their namespace, not the namespace itself.
	case err != nil:
		return nil, fmt.Errorf("read namespace %q: %w", c.namespace, err)
	case ns.Labels[v1alpha1.LabelTenant] == "":
		return nil, fmt.Errorf("namespace %q is no tenant's: it has no label %s", c.namespace, v1alpha1.LabelTenant)
	}
	return []string{c.namespace}, nil
}

// lookAt judges the one object that was named.
func (s *sealer) lookAt(ctx context.Context, c *cluster, objects metadata.Interface, in place, by suspicion, out *survey) error {
	obj, err := objects.Resource(in.resource).Namespace(c.namespace).Get(ctx, in.name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("read %s %q: %w", in.resource.GroupResource(), in.name, err)
	}
	out.add(in, obj, by)
	return nil
}

// lookThrough judges every object of a kind, page by page.
func (s *sealer) lookThrough(ctx context.Context, c *cluster, objects metadata.Interface, in place, by suspicion, out *survey) error {
	namespace := c.namespace
	if s.all {
		namespace = metav1.NamespaceAll
	}
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return objects.Resource(in.resource).Namespace(namespace).List(ctx, options)
	})
	seen := 0
	err := pages.EachListItem(ctx, metav1.ListOptions{}, func(item runtime.Object) error {
		obj, ok := item.(*metav1.PartialObjectMetadata)
		if !ok {
			return errors.New("the API server sent something else than metadata")
		}
		if _, tenants := slices.BinarySearch(out.namespaces, obj.Namespace); tenants {
			out.add(in, obj, by)
		}
		if seen++; seen%1000 == 0 {
			fmt.Fprintf(s.env.Err, "%s: looked at %d\n", in.resource.GroupResource(), seen)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list %s: %w", in.resource.GroupResource(), err)
	}
	return nil
}

// add files an object, as unsealed if there is a reason.
func (v *survey) add(in place, obj *metav1.PartialObjectMetadata, by suspicion) {
	v.looked[obj.Namespace]++
	wire := obj.Annotations[v1alpha1.AnnotationPassport]
	reason := by.reason(wire, obj.Namespace)
	if reason == "" || in.name == "" && wire == "" && systemObject(in.resource.GroupResource(), obj.Name) {
		return
	}
	u := &unsealedObject{
		Namespace: obj.Namespace, Kind: in.kind.GroupKind().String(), Name: obj.Name, Reason: reason, Result: resultFound,
		in: in, uid: obj.UID, wire: wire,
	}
	owner := metav1.GetControllerOf(obj)
	if owner != nil {
		u.Owner = owner.Kind + "/" + owner.Name
	}
	switch {
	case in.name != "":
		// Who names an object means it.
	case owner != nil:
		u.Result = resultLeftOwner
	case by.platforms(wire):
		u.Result, u.Message = resultLeftOther, "the platform wrote it"
	}
	v.unsealed = append(v.unsealed, u)
}

// count counts unsealed objects by result, in one namespace or with "" in all.
func (v *survey) count(namespace string, results ...string) int {
	n := 0
	for _, u := range v.unsealed {
		if (namespace == "" || u.Namespace == namespace) && slices.Contains(results, u.Result) {
			n++
		}
	}
	return n
}

// oneLine keeps a message in its cell.
func oneLine(message string) string { return strings.Join(strings.Fields(message), " ") }
