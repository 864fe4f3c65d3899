package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// calls counts what the API server answered, by verb and resource, watches left out.
type calls map[string]float64

func (b *bench) calls(ctx context.Context) (calls, error) {
	raw, err := b.kube.Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("metrics of the API server: %w", err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(raw)))
	if err != nil {
		return nil, fmt.Errorf("metrics of the API server: %w", err)
	}
	out := calls{}
	for _, m := range families["apiserver_request_total"].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		if labels["verb"] == "WATCH" {
			continue
		}
		what := labels["verb"] + " " + labels["resource"]
		if sub := labels["subresource"]; sub != "" {
			what += "/" + sub
		}
		if code := labels["code"]; !strings.HasPrefix(code, "2") {
			what += " (" + code + ")"
		}
		out[what] += m.GetCounter().GetValue()
	}
	return out, nil
}

// tell writes which calls there were for each admitted session, the most frequent first.
func (c calls) tell(w io.Writer, before calls, sessions int) {
	each := map[string]float64{}
	for what, n := range c {
		if per := (n - before[what]) / float64(sessions); per >= .02 {
			each[what] = per
		}
	}
	what := slices.SortedFunc(maps.Keys(each), func(a, b string) int { return int(1000 * (each[b] - each[a])) })
	for _, name := range what {
		_, _ = fmt.Fprintf(w, "    %.2f %s\n", each[name], name)
	}
}
