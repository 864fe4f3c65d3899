package main

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"gatehouse.dev/gatehouse/test/local"
)

// requestSeconds is the API server's own measure of each kind of call.
const requestSeconds = "apiserver_request_duration_seconds"

// calls are cumulative counts by upper bound in seconds, for each kind of call.
type calls map[string]map[float64]uint64

// calls reads the API server's measure; watches last as long as they are wanted and are
// left out, so is what streams.
func (p *platform) calls(ctx context.Context) (calls, error) {
	families, err := local.ServerMetrics(ctx, p.kube.CoreV1().RESTClient())
	if err != nil {
		return nil, err
	}
	out := calls{}
	for _, m := range families[requestSeconds].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		if labels["verb"] == "WATCH" || labels["verb"] == "CONNECT" {
			continue
		}
		name := labels["verb"] + " " + labels["resource"]
		if labels["subresource"] != "" {
			name += "/" + labels["subresource"]
		}
		if out[name] == nil {
			out[name] = map[float64]uint64{}
		}
		add(out[name], m.GetHistogram())
	}
	return out, nil
}

func add(to map[float64]uint64, h *dto.Histogram) {
	for _, b := range h.GetBucket() {
		if !math.IsInf(b.GetUpperBound(), 1) {
			to[b.GetUpperBound()] += b.GetCumulativeCount()
		}
	}
	to[math.Inf(1)] += h.GetSampleCount()
}

// since takes off what was counted before.
func (c calls) since(before calls) calls {
	for name, buckets := range c {
		for bound := range buckets {
			buckets[bound] -= before[name][bound]
		}
	}
	return c
}

// call is one kind's figures.
type call struct {
	name     string
	count    uint64
	p50, p95 float64
}

// figures of all kinds, the slowest first.
func (c calls) figures() []call {
	var out []call
	for name, buckets := range c {
		if n := buckets[math.Inf(1)]; n > 0 {
			out = append(out, call{name, n, quantile(buckets, .5), quantile(buckets, .95)})
		}
	}
	slices.SortFunc(out, func(a, b call) int { return cmp.Or(-cmp.Compare(a.p95, b.p95), strings.Compare(a.name, b.name)) })
	return out
}

// quantile is the upper bound of the bucket that it lies in, in seconds: never too good.
func quantile(buckets map[float64]uint64, q float64) float64 {
	bounds := make([]float64, 0, len(buckets))
	for b := range buckets {
		bounds = append(bounds, b)
	}
	slices.Sort(bounds)
	want := uint64(math.Ceil(q * float64(buckets[math.Inf(1)])))
	for _, b := range bounds {
		if buckets[b] >= want {
			return b
		}
	}
	return math.Inf(1)
}
