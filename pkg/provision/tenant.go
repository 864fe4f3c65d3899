package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/provision/home"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// finalizer keeps a deleted Tenant until its namespace is gone.
const finalizer = "gatehouse.dev/namespace"

// again is when something is looked at anew of which no event tells.
const again = 10 * time.Second

// tenants makes a Tenant's namespace and what stands in it, and keeps it so.
type tenants struct {
	client.Client
	facts           facts
	namespaces      namespaces
	applier         *applier
	counting        *counting
	prefix          string
	systemNamespace string
	told            events.EventRecorder
	seen            seen
	// auditors are named by the platform for every tenant.
	auditors []v1alpha1.Member
}

// Reconcile brings one tenant's home to what is in force.
func (r *tenants) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	t := &v1alpha1.Tenant{}
	err := r.Get(ctx, req.NamespacedName, t)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return reconcile.Result{}, err
	}
	if gone, err := r.clearOrphan(ctx, req.Name, t.UID); err != nil {
		return retry(err)
	} else if !gone {
		return reconcile.Result{RequeueAfter: again}, nil
	}
	if missing {
		return reconcile.Result{}, nil
	}
	if !t.DeletionTimestamp.IsZero() {
		return r.tearDown(ctx, t)
	}
	if !controllerutil.ContainsFinalizer(t, finalizer) {
		before := t.DeepCopy()
		controllerutil.AddFinalizer(t, finalizer)
		if err := r.Patch(ctx, t, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
			return retry(fmt.Errorf("tenant %s: add finalizer: %w", t.Name, err))
		}
	}
	r.seen.keep(t.Name, t.UID)
	known, err := r.facts.of(ctx, t)
	if err != nil {
		return reconcile.Result{}, err
	}
	effective := tenant.Resolve(known, nil)
	ns, standing, err := r.furnish(ctx, r.spec(ctx, known, effective), t.Status.NamespaceUID)
	if standing.ready || standing.reason == ReasonWaiting && effective.Missing != "" {
		standing = judge(effective)
	}
	return r.conclude(ctx, t, ns, standing, err)
}

func (r *tenants) spec(ctx context.Context, f tenant.Facts, e tenant.Effective) home.Spec {
	s := home.Spec{
		Tenant:          f.Tenant.Name,
		UID:             f.Tenant.UID,
		Owner:           f.Tenant.Spec.Owner.User,
		Organization:    f.Tenant.Spec.Organization,
		Tier:            f.Tenant.Spec.Tier,
		Namespace:       r.prefix + f.Tenant.Name,
		SystemNamespace: r.systemNamespace,
		Limits:          e.Limits,
		SessionsCounted: r.counting.known(ctx),
		Auditors:        r.auditors,
	}
	if f.Organization != nil {
		s.Admins = f.Organization.Spec.Admins
	}
	return s
}

// furnish makes the namespace and all that stands in it.
func (r *tenants) furnish(ctx context.Context, s home.Spec, made types.UID) (*corev1.Namespace, standing, error) {
	ns, taken, err := r.namespaces.ensure(ctx, s, made)
	switch {
	case err != nil:
		return nil, standing{}, err
	case taken != "":
		return nil, standing{reason: ReasonNamespaceTaken, message: taken}, nil
	case !ns.DeletionTimestamp.IsZero():
		return ns, standing{reason: ReasonNamespaceTerminating, message: fmt.Sprintf("namespace %s is being deleted; it is made anew when it is gone", s.Namespace)}, nil
	}
	repairs, err := r.applier.applyAll(ctx, s)
	for _, fixed := range repairs {
		fixed.tell(r.told)
	}
	if err != nil {
		return ns, standing{}, err
	}
	waits, err := r.awaits(ctx, s.Namespace)
	if err != nil || waits != "" {
		return ns, standing{reason: ReasonWaiting, message: waits}, err
	}
	return ns, standing{ready: true}, nil
}

// awaits says what the controller manager has not yet done in the namespace, or "".
func (r *tenants) awaits(ctx context.Context, namespace string) (string, error) {
	root := &metav1.PartialObjectMetadata{}
	root.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMap"))
	err := r.Get(ctx, client.ObjectKey{Namespace: namespace, Name: rootCA}, root)
	if apierrors.IsNotFound(err) {
		return fmt.Sprintf("ConfigMap %s is not there yet; the controller manager publishes it", rootCA), nil
	}
	if err != nil {
		return "", fmt.Errorf("configmap %s/%s: %w", namespace, rootCA, err)
	}
	fence := &corev1.ResourceQuota{}
	err = r.Get(ctx, client.ObjectKey{Namespace: namespace, Name: home.Name}, fence)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return "", fmt.Errorf("resource quota %s/%s: %w", namespace, home.Name, err)
	}
	if missing || !counted(fence) {
		return fmt.Sprintf("ResourceQuota %s is not counted yet; until the controller manager has done so, it refuses what it bounds", home.Name), nil
	}
	return "", nil
}

// judge says what is missing from what is in force. The namespace stands without it, at
// zero limits; nothing that the tenant asks for is let through.
func judge(e tenant.Effective) standing {
	switch e.Missing {
	case "":
		message := "the namespace and its guards are in place"
		if e.Suspended {
			message += "; the tenant is suspended"
		}
		return standing{ready: true, reason: ReasonReady, message: message}
	case tenant.MissingOrganization:
		return standing{reason: ReasonOrganizationMissing, message: fmt.Sprintf("organization %q does not exist", e.Organization)}
	case tenant.MissingTier:
		return standing{reason: ReasonTierMissing, message: fmt.Sprintf("tier %q does not exist", e.Tier)}
	case tenant.MissingTierGrant:
		return standing{reason: ReasonTierNotGranted, message: fmt.Sprintf("organization %q does not have tier %q", e.Organization, e.Tier)}
	}
	return standing{reason: ReasonFailed, message: "missing: " + e.Missing}
}

// conclude writes down how it went.
func (r *tenants) conclude(ctx context.Context, t *v1alpha1.Tenant, ns *corev1.Namespace, s standing, failed error) (reconcile.Result, error) {
	if failed != nil {
		s = standing{reason: ReasonFailed, message: failed.Error()}
	}
	before := t.DeepCopy()
	t.Status.ObservedGeneration = t.Generation
	former := ""
	switch {
	case ns != nil:
		t.Status.Namespace, t.Status.NamespaceUID = ns.Name, ns.UID
		former = tenant.Transfer(t)
	case failed == nil && s.reason == ReasonNamespaceTaken:
		t.Status.Namespace, t.Status.NamespaceUID = "", ""
	}
	s.set(&t.Status.Conditions, t.Generation)
	if !apiequality.Semantic.DeepEqual(before.Status, t.Status) {
		if err := r.Status().Patch(ctx, t, client.MergeFrom(before)); err != nil {
			return retry(errors.Join(failed, fmt.Errorf("tenant %s: write status: %w", t.Name, err)))
		}
		log.FromContext(ctx).Info("tenant", "tenant", t.Name, "ready", s.ready, "reason", s.reason, "message", s.message,
			"ageMilliseconds", time.Since(t.CreationTimestamp.Time).Milliseconds())
		if former != "" {
			r.told.Eventf(t, nil, corev1.EventTypeNormal, "Transferred", "Transfer",
				"transferred from %s to %s; what was made before counts as the present owner's", former, t.Status.Owner)
		}
	}
	if failed != nil {
		return retry(failed)
	}
	switch {
	case !r.counting.known(ctx):
		return reconcile.Result{RequeueAfter: countingLook}, nil
	case !s.ready:
		return reconcile.Result{RequeueAfter: again}, nil
	}
	return reconcile.Result{}, nil
}

// tearDown deletes the namespace, if it is ours, and lets the Tenant go when it is gone.
func (r *tenants) tearDown(ctx context.Context, t *v1alpha1.Tenant) (reconcile.Result, error) {
	if !controllerutil.ContainsFinalizer(t, finalizer) {
		return reconcile.Result{}, nil
	}
	name := r.prefix + t.Name
	gone, err := r.namespaces.remove(ctx, name, maker{t.UID, t.Status.NamespaceUID})
	if err != nil {
		return retry(err)
	}
	if !gone {
		return reconcile.Result{RequeueAfter: again}, nil
	}
	r.applier.forget(name)
	r.seen.forget(t.Name)
	before := t.DeepCopy()
	controllerutil.RemoveFinalizer(t, finalizer)
	if err := r.Patch(ctx, t, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return retry(client.IgnoreNotFound(err))
	}
	return reconcile.Result{}, nil
}

// retry turns what another writer caused into a quiet second look.
func retry(err error) (reconcile.Result, error) {
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return reconcile.Result{RequeueAfter: 50 * time.Millisecond}, nil
	}
	return reconcile.Result{}, err
}
