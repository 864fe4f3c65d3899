package scan

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// pages answers lists page by page, under the tokens that lead to each: the first is asked
// for without one.
type pages map[string]struct {
	names []string
	next  string
	err   error
}

func (p pages) list(_ context.Context, _ client.WithWatch, into client.ObjectList, opts ...client.ListOption) error {
	var o client.ListOptions
	o.ApplyOptions(opts)
	page := p[o.Continue]
	list := into.(*unstructured.UnstructuredList)
	list.Items = nil
	for _, name := range page.names {
		item := unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ServiceAccount"}}
		item.SetNamespace("a")
		item.SetName(name)
		list.Items = append(list.Items, item)
	}
	list.SetContinue(page.next)
	return page.err
}

// goneAt is the API server's error for a list whose moment was compacted.
func goneAt(next string) error {
	err := apierrors.NewResourceExpired("the provided continue parameter is too old")
	err.ErrStatus.Continue = next
	return err
}

// TestEveryPageIsJudged: also where a list takes so long that its moment is gone.
func TestEveryPageIsJudged(t *testing.T) {
	for name, tt := range map[string]struct {
		pages pages
		want  []string
		fails bool
	}{
		"three pages":            {pages{"": {[]string{"x"}, "1", nil}, "1": {[]string{"bad"}, "2", nil}, "2": {[]string{"z"}, "", nil}}, []string{"a/x", "a/bad", "a/z"}, false},
		"its moment is gone":     {pages{"": {[]string{"x"}, "1", nil}, "1": {nil, "", goneAt("later")}, "later": {[]string{"bad"}, "", nil}}, []string{"a/x", "a/bad"}, false},
		"gone, and no way on":    {pages{"": {[]string{"x"}, "1", nil}, "1": {nil, "", goneAt("")}}, []string{"a/x"}, true},
		"gone again and again":   {pages{"": {[]string{"x"}, "1", nil}, "1": {nil, "", goneAt("1")}}, []string{"a/x"}, true},
		"the first page is gone": {pages{"": {nil, "", goneAt("later")}}, nil, true},
	} {
		world := &judges{namespaces: []string{"a"}, digest: "sha256:1"}
		s := newScanner(t, world)
		s.Live = interceptor.NewClient(s.Live.(client.WithWatch), interceptor.Funcs{List: tt.pages.list})
		s.limit = rate.NewLimiter(rate.Inf, 1)
		_, err := s.namespace(t.Context(), "a", "sha256:1")
		if diff := cmp.Diff(tt.want, world.asked); diff != "" || (err != nil) != tt.fails {
			t.Errorf("%s: %v, judged (-want +got):\n%s", name, err, diff)
		}
	}
}
