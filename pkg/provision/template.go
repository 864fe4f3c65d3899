package provision

import (
	"context"
	"encoding/json"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// templates makes the kind of each of Gatekeeper's ConstraintTemplates: a definition in
// group constraints.gatekeeper.sh, which belongs to the template and goes with it.
type templates struct {
	client.Client
}

var templateKind = schema.GroupVersionKind{Group: gatekeeper.TemplateGroup, Version: "v1", Kind: gatekeeper.TemplateKind}

func emptyTemplate() *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(templateKind)
	return o
}

// Reconcile brings the definition of one template up to date, and says in its status
// whether there is one.
func (r *templates) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	o := emptyTemplate()
	if err := r.Get(ctx, req.NamespacedName, o); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if o.GetDeletionTimestamp() != nil {
		return reconcile.Result{}, nil
	}
	var wrong error
	t, err := gatekeeper.NewTemplate(gatekeeper.FromObject(o.Object))
	if err != nil {
		// The webhook refuses such a template; what is there already stays.
		wrong = err
	} else if err := r.define(ctx, o, t); err != nil {
		return retry(err)
	}
	return retry(r.tell(ctx, o, wrong))
}

func (r *templates) define(ctx context.Context, o *unstructured.Unstructured, t *gatekeeper.Template) error {
	definition := t.Definition()
	definition.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: templateKind.GroupVersion().String(), Kind: templateKind.Kind, Name: o.GetName(), UID: o.GetUID(),
		Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
	}}
	wanted, err := plainObject(definition)
	if err != nil {
		return fmt.Errorf("template %s: %w", o.GetName(), err)
	}
	if err := r.Apply(ctx, client.ApplyConfigurationFromUnstructured(wanted), client.FieldOwner(fieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("template %s: define its kind: %w", o.GetName(), err)
	}
	return nil
}

// plainObject leaves status and what nobody set out, so that apply owns no more than is
// wanted.
func plainObject(definition *apiextensionsv1.CustomResourceDefinition) (*unstructured.Unstructured, error) {
	raw, err := json.Marshal(definition)
	if err != nil {
		return nil, err
	}
	out := &unstructured.Unstructured{}
	if err := out.UnmarshalJSON(raw); err != nil {
		return nil, err
	}
	delete(out.Object, "status")
	unstructured.RemoveNestedField(out.Object, "metadata", "creationTimestamp")
	return out, nil
}

// tell writes status.created, and what is wrong.
func (r *templates) tell(ctx context.Context, o *unstructured.Unstructured, wrong error) error {
	before := o.DeepCopy()
	status := map[string]any{"created": wrong == nil, "observedGeneration": o.GetGeneration()}
	if wrong != nil {
		status["errors"] = []any{map[string]any{"code": "invalid", "message": wrong.Error()}}
	}
	if apiequality.Semantic.DeepEqual(before.Object["status"], runtime.DeepCopyJSONValue(status)) {
		return nil
	}
	o.Object["status"] = status
	if err := r.Status().Patch(ctx, o, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("template %s: write status: %w", o.GetName(), client.IgnoreNotFound(err))
	}
	return nil
}

func setupTemplates(m manager.Manager) error {
	owner := handler.EnqueueRequestForOwner(m.GetScheme(), m.GetRESTMapper(), emptyTemplate(), handler.OnlyControllerOwner())
	return builder.ControllerManagedBy(m).Named("template").For(emptyTemplate()).WithOptions(options(1)).
		WatchesMetadata(&apiextensionsv1.CustomResourceDefinition{}, owner, builder.WithPredicates(comesOrGoes())).
		Complete(&templates{Client: m.GetClient()})
}
