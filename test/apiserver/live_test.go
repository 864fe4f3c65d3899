package apiserver

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
)

// rendered are the objects of some files of config, which one table makes.
func rendered(patterns ...string) []*unstructured.Unstructured {
	GinkgoHelper()
	var out []*unstructured.Unstructured
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join("../../config", pattern))
		Expect(err).NotTo(HaveOccurred())
		for _, file := range files {
			if filepath.Base(file) == "kustomization.yaml" {
				continue
			}
			raw, err := os.ReadFile(file)
			Expect(err).NotTo(HaveOccurred())
			documents := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
			for {
				o := &unstructured.Unstructured{}
				err := documents.Decode(&o.Object)
				if errors.Is(err, io.EOF) {
					break
				}
				Expect(err).NotTo(HaveOccurred(), file)
				out = append(out, o)
			}
		}
	}
	return out
}

// contents is an object but for what names it and for where its webhooks are.
func contents(o *unstructured.Unstructured) map[string]any {
	GinkgoHelper()
	o = o.DeepCopy()
	for _, field := range []string{"metadata", "status"} {
		delete(o.Object, field)
	}
	webhooks, is, err := unstructured.NestedSlice(o.Object, "webhooks")
	Expect(err).NotTo(HaveOccurred())
	if is {
		for _, w := range webhooks {
			delete(w.(map[string]any), "clientConfig")
		}
		Expect(unstructured.SetNestedSlice(o.Object, webhooks, "webhooks")).To(Succeed())
	}
	return o.Object
}

var _ = Describe("What is installed", func() {
	It("is what the table says: webhooks and guards, field by field", func(ctx SpecContext) {
		admin := home.as("admin")
		objects := rendered("webhook/*.yaml", "guard/*.yaml")
		compared := 0
		for _, o := range objects {
			mapping, err := admin.mapper.RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
			Expect(err).NotTo(HaveOccurred())
			var kind dynamic.ResourceInterface = admin.dynamic.Resource(mapping.Resource)
			live, err := kind.Get(ctx, o.GetName(), metav1.GetOptions{})
			Expect(err).NotTo(HaveOccurred())
			// A dry run of the same under another name has what the API server fills in.
			again := o.DeepCopy()
			again.SetName(o.GetName() + "-again")
			filled, err := kind.Create(ctx, again, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			Expect(err).NotTo(HaveOccurred())
			Expect(cmp.Diff(contents(filled), contents(live))).To(BeEmpty(), "%s %s (-table +live)", o.GetKind(), o.GetName())
			compared++
		}
		Expect(compared).To(BeNumerically(">=", 8))
		report("%d webhook configurations and guards are live as the table says", compared)
	})
})
