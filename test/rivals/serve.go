package rivals

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/go-logr/logr"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/test/floor"
	"gatehouse.dev/gatehouse/webhooks"
)

// Verb is the argument with which a program is asked to be the webhook of the fifteen rules.
const Verb = "fifteen"

// The paths of the fifteen rules in Gatehouse and in plain OPA.
const (
	PathGatehouse = "/validate/tenant"
	PathOPA       = "/opa"
)

// Serve serves the fifteen rules, and nothing else, until ctx ends: by Gatehouse's webhook and engine,
// without tenants, passports and quotas, but with its log; and by plain OPA behind what the floor does.
func Serve(ctx context.Context, stdout io.Writer) error {
	folder, err := os.MkdirTemp("", "fifteen")
	if err != nil {
		return fmt.Errorf("folder of the log: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	log, err := audit.OpenLog(filepath.Join(folder, "decisions.log"))
	if err != nil {
		return err //nolint:wrapcheck // It names the log.
	}
	defer func() { _ = log.Close() }()
	handler, err := handlerOf(ctx, log)
	if err != nil {
		return err
	}
	return floor.ServeBy(ctx, stdout, handler) //nolint:wrapcheck // It says what.
}

func handlerOf(ctx context.Context, log audit.Sink) (http.Handler, error) {
	metrics, err := audit.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		return nil, err //nolint:wrapcheck // It says what.
	}
	program, err := Program(ctx)
	if err != nil {
		return nil, err
	}
	ours, err := webhooks.New(webhooks.Options{Decider: decider{program}, Log: log, Metrics: metrics, Logger: logr.Discard()})
	if err != nil {
		return nil, err //nolint:wrapcheck // It says what.
	}
	query, err := Query(ctx)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(PathGatehouse, ours)
	mux.Handle(PathOPA, plainly{query})
	return mux, nil
}

// decider asks Gatehouse's engine.
type decider struct{ program *engine.Program }

func (d decider) Handle(ctx context.Context, r review.Request) review.Verdict {
	object, err := engine.ObjectValue(r.Object)
	if err != nil {
		return review.Fail(review.Trace{}, err.Error())
	}
	answer, err := d.program.Eval(ctx, inputOf(r, object), nil)
	if err != nil {
		return review.Fail(review.Trace{}, err.Error())
	}
	result, err := engine.Decode(answer)
	if err != nil {
		return review.Fail(review.Trace{}, err.Error())
	}
	v := review.Verdict{Outcome: review.Allowed}
	for _, denial := range result.Denials {
		v.Outcome = review.Denied
		v.Denials = append(v.Denials, review.Denial{Rule: denial.Rule, Problem: denial.Msg})
	}
	return v
}

func inputOf(r review.Request, object ast.Value) ast.Value {
	text := ast.StringTerm
	kind := ast.ObjectTerm(ast.Item(text("group"), text(r.Kind.Group)), ast.Item(text("version"), text(r.Kind.Version)), ast.Item(text("kind"), text(r.Kind.Kind)))
	return ast.NewObject(ast.Item(text("request"), ast.ObjectTerm(
		ast.Item(text("uid"), text(r.UID)), ast.Item(text("operation"), text(string(r.Operation))), ast.Item(text("kind"), kind),
		ast.Item(text("name"), text(r.Name)), ast.Item(text("namespace"), text(r.Namespace)), ast.Item(text("object"), ast.NewTerm(object)),
	)))
}

// plainly asks OPA as one does who has read its documentation.
type plainly struct{ query rego.PreparedEvalQuery }

func (p plainly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		Request map[string]any `json:"request"`
	}
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		http.Error(w, "no review", http.StatusBadRequest)
		return
	}
	results, err := p.query.Eval(r.Context(), rego.EvalInput(map[string]any{"request": sent.Request, "parameters": lists()}))
	if err != nil || len(results) != 1 {
		http.Error(w, "no answer", http.StatusInternalServerError)
		return
	}
	refusing, _ := results[0].Expressions[0].Value.([]any)
	uid, _ := sent.Request["uid"].(string)
	answer := admissionv1.AdmissionReview{Response: &admissionv1.AdmissionResponse{UID: types.UID(uid), Allowed: len(refusing) == 0}}
	answer.SetGroupVersionKind(admissionv1.SchemeGroupVersion.WithKind("AdmissionReview"))
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}
