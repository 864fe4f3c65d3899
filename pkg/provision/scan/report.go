package scan

import (
	"context"
	"fmt"
	"time"

	reportsv1alpha1 "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/gate"
)

// ReportName is that of the report in each namespace.
const ReportName = "gatehouse"

// Source names us in reports.
const source = "gatehouse"

// What bounds a report's size: the summary counts all, the results are the first ones.
const (
	maxResults = 250
	maxMessage = 512
)

// The results of the format.
const (
	fail   = "fail"
	warn   = "warn"
	broken = "error"
)

// annotationDigest says which policies a report is by.
const annotationDigest = "gatehouse.dev/policy-digest"

// report of one namespace.
type report struct {
	reportsv1alpha1.Report
	objects int
	now     time.Time
}

func newReport(namespace, digest string, now time.Time) *report {
	return &report{now: now, Report: reportsv1alpha1.Report{
		ObjectMeta: metav1.ObjectMeta{
			Name: ReportName, Namespace: namespace,
			Annotations: map[string]string{annotationDigest: digest},
			Labels:      map[string]string{"app.kubernetes.io/managed-by": source},
		},
		Source: source,
	}}
}

// add counts what each rule that was asked said of an object: what denies fails, what
// warns warns, what is only audited is a failure that is not scored.
func (r *report) add(o *unstructured.Unstructured, j gate.Judgement) {
	r.objects++
	spoken := map[string]bool{}
	for _, list := range []struct {
		findings []engine.Finding
		result   reportsv1alpha1.Result
		scored   bool
	}{{j.Denials, fail, true}, {j.Warnings, warn, false}, {j.Audited, fail, false}} {
		for _, f := range list.findings {
			spoken[f.Rule] = true
			r.result(o, f.Rule, list.result, list.scored, f.Msg, map[string]string{"author": j.Author})
		}
	}
	for _, rule := range j.Rules {
		if !spoken[rule] {
			r.Summary.Pass++
		}
	}
}

// broken notes an object that could not be judged.
func (r *report) broken(o *unstructured.Unstructured, err error) {
	r.objects++
	r.result(o, "engine", broken, false, err.Error(), nil)
}

func (r *report) result(o *unstructured.Unstructured, rule string, result reportsv1alpha1.Result, scored bool, message string, properties map[string]string) {
	switch result {
	case fail:
		r.Summary.Fail++
	case warn:
		r.Summary.Warn++
	case broken:
		r.Summary.Error++
	}
	if len(r.Results) >= maxResults {
		r.Summary.Skip++
		return
	}
	r.Results = append(r.Results, reportsv1alpha1.ReportResult{
		Source: source, Policy: rule, Result: result, Scored: scored, Description: message[:min(len(message), maxMessage)], Properties: properties,
		Timestamp: metav1.Timestamp{Seconds: r.now.Unix()},
		Subjects:  []corev1.ObjectReference{{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName(), UID: o.GetUID()}},
	})
}

// write stores a report when it says anything new; the times of what it said before stay.
func (s *Scanner) write(ctx context.Context, r *report) error {
	if err := s.limit.Wait(ctx); err != nil {
		return err
	}
	var stored reportsv1alpha1.Report
	err := s.Live.Get(ctx, client.ObjectKeyFromObject(&r.Report), &stored)
	switch {
	case meta.IsNoMatchError(err):
		return fmt.Errorf("reports cannot be written, the kind is not installed: %w", err)
	case apierrors.IsNotFound(err):
		return s.Live.Create(ctx, &r.Report)
	case err != nil:
		return fmt.Errorf("read report: %w", err)
	}
	if same(&stored, &r.Report) {
		return nil
	}
	next := stored.DeepCopy()
	next.Results, next.Summary, next.Source = r.Results, r.Summary, r.Source
	metav1.SetMetaDataAnnotation(&next.ObjectMeta, annotationDigest, r.Annotations[annotationDigest])
	return s.Live.Update(ctx, next)
}

func same(a, b *reportsv1alpha1.Report) bool {
	if a.Summary != b.Summary || len(a.Results) != len(b.Results) || a.Annotations[annotationDigest] != b.Annotations[annotationDigest] {
		return false
	}
	for i := range a.Results {
		x, y := a.Results[i], b.Results[i]
		x.Timestamp, y.Timestamp = metav1.Timestamp{}, metav1.Timestamp{}
		if !apiequality.Semantic.DeepEqual(x, y) {
			return false
		}
	}
	return true
}
