package gitops

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// manager is the field manager under which Argo CD applies.
const manager = "argocd-controller"

// dryRun asks the API server what a server-side apply would store, by force, as Argo CD
// does.
type dryRun struct {
	t  *testing.T
	as *identity
}

func (d dryRun) Run(ctx context.Context, object *unstructured.Unstructured, manager string) (string, error) {
	options := metav1.ApplyOptions{FieldManager: manager, Force: true, DryRun: []string{metav1.DryRunAll}}
	out, err := d.as.in(d.t, object).Apply(ctx, object.GetName(), object, options)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(out)
	return string(text), err
}

// ways are the diff strategies of Argo CD. A webhook's mutations are left out of a
// server-side diff unless the Application asks for them: with them it is the stricter one.
func (i *identity) ways(t *testing.T) map[string][]diff.Option {
	server := []diff.Option{diff.WithServerSideDiff(true), diff.WithServerSideDryRunner(dryRun{t, i}), diff.WithManager(manager), diff.WithGVKParser(i.cluster.types)}
	return map[string][]diff.Option{
		"three-way":                  nil,
		"server-side":                server,
		"server-side, all mutations": append(server[:len(server):len(server)], diff.WithIgnoreMutationWebhook(false)),
	}
}

// differs is what Argo CD would show of one object in one way, or "".
func differs(t *testing.T, declared, live *unstructured.Unstructured, options []diff.Option) string {
	t.Helper()
	result, err := diff.Diff(declared.DeepCopy(), live.DeepCopy(), options...)
	if err != nil {
		t.Fatalf("%s %s: %v", declared.GetKind(), declared.GetName(), err)
	}
	if !result.Modified {
		return ""
	}
	var have, want map[string]any
	must(t, json.Unmarshal(result.NormalizedLive, &have))
	must(t, json.Unmarshal(result.PredictedLive, &want))
	return cmp.Diff(have, want)
}
