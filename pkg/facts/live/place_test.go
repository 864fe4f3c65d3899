package live

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	metadatafake "k8s.io/client-go/metadata/fake"
	clientfake "sigs.k8s.io/controller-runtime/pkg/client/fake"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/turn"
)

// TestWhoReadsLiveKeepsNoPlace: it waits for the API server, and others may compute.
func TestWhoReadsLiveKeepsNoPlace(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := errors.Join(metav1.AddMetaToScheme(scheme), corev1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	owners := &Owners{Client: metadatafake.NewSimpleMetadataClient(scheme), Mapper: mapper}
	namespaces := &Facts{Reader: clientfake.NewClientBuilder().WithScheme(scheme).Build()}
	for name, read := range map[string]func(context.Context) error{
		"an owner": func(ctx context.Context) error {
			_, err := owners.Owner(ctx, review.Kind{Version: "v1", Kind: "Pod"}, "a", "gone")
			return err
		},
		"a namespace": func(ctx context.Context) error {
			_, err := namespaces.Live(ctx, "gone")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := turn.New(turn.Options{Places: func() int { return 1 }, Waiting: 1, Patience: time.Second, Long: time.Hour})
			its, err := q.Enter(t.Context(), "alice")
			if err != nil {
				t.Fatal(err)
			}
			if err := read(turn.In(t.Context(), its)); !errors.Is(err, facts.ErrNoOwner) && !errors.Is(err, facts.ErrUnknown) {
				t.Errorf("got %v", err)
			}
			if _, err := q.Enter(t.Context(), "bob"); err != nil {
				t.Errorf("the place was kept: %v", err)
			}
		})
	}
}
