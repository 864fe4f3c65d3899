package live

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
)

func TestOwnerThatIsNoneIsToldFromOneUnread(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	client := metadatafake.NewSimpleMetadataClient(scheme, &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "there", UID: "u"},
	})
	fails := func(resource string, err error) {
		client.PrependReactor("get", resource, func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, err })
	}
	group := func(r string) schema.GroupResource { return schema.GroupResource{Resource: r} }
	fails("secrets", apierrors.NewForbidden(group("secrets"), "x", nil))
	fails("services", apierrors.NewTimeoutError("slow", 1))
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, kind := range []string{"Pod", "Secret", "Service"} {
		mapper.Add(corev1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Node"), meta.RESTScopeRoot)
	owners := &Owners{Client: client, Mapper: mapper}
	tests := map[string]struct {
		kind, name string
		want       error
	}{
		"there":                  {"Pod", "there", nil},
		"not there":              {"Pod", "gone", facts.ErrNoOwner},
		"cluster-scoped":         {"Node", "there", facts.ErrNoOwner},
		"of no kind":             {"Nothing", "there", facts.ErrNoOwner},
		"of a kind without read": {"Secret", "there", facts.ErrOwnerKind},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := owners.Owner(t.Context(), review.Kind{Version: "v1", Kind: test.kind}, "a", test.name)
			if !errors.Is(err, test.want) || (err == nil) != (got.UID == "u") {
				t.Errorf("owner %+v, %v; want %v", got, err, test.want)
			}
		})
	}
	_, err := owners.Owner(t.Context(), review.Kind{Version: "v1", Kind: "Service"}, "a", "there")
	if err == nil || errors.Is(err, facts.ErrNoOwner) || errors.Is(err, facts.ErrOwnerKind) {
		t.Errorf("a read that failed: %v, want an error that says nothing of the owner", err)
	}
}
