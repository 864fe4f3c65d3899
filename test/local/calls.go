package local

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// Calls count what was asked, such as "APPLY networkpolicies"; of what was not answered
// with success the code is said too.
type Calls map[string]float64

// Calls are those that the API server answered to everybody, watches left out.
func (f Families) Calls() Calls {
	out := Calls{}
	for _, m := range f["apiserver_request_total"].GetMetric() {
		l := labels(m)
		if l["verb"] == "WATCH" {
			continue
		}
		what := l["verb"] + " " + l["resource"]
		if l["subresource"] != "" {
			what += "/" + l["subresource"]
		}
		out[what+unless2xx(l["code"])] += m.GetCounter().GetValue()
	}
	return out
}

// Sent are the calls that a process counts of its own, by method alone.
func (f Families) Sent() Calls {
	out := Calls{}
	for _, m := range f["rest_client_requests_total"].GetMetric() {
		l := labels(m)
		out[l["method"]+unless2xx(l["code"])] += m.GetCounter().GetValue()
	}
	return out
}

func labels(m *dto.Metric) map[string]string {
	out := map[string]string{}
	for _, l := range m.GetLabel() {
		out[l.GetName()] = l.GetValue()
	}
	return out
}

func unless2xx(code string) string {
	if strings.HasPrefix(code, "2") {
		return ""
	}
	return " (" + code + ")"
}

// Each is how often each call was made for one of n since before.
func (c Calls) Each(before Calls, n int) Calls {
	out := Calls{}
	for what, count := range c {
		if more := count - before[what]; more > 0 {
			out[what] = more / float64(n)
		}
	}
	return out
}

// Writes are those that change something.
func (c Calls) Writes() Calls {
	out := maps.Clone(c)
	maps.DeleteFunc(out, func(what string, _ float64) bool {
		verb, _, _ := strings.Cut(what, " ")
		return !slices.Contains([]string{"POST", "PUT", "PATCH", "APPLY", "DELETE"}, verb)
	})
	return out
}

// Sum of all.
func (c Calls) Sum() float64 {
	sum := 0.0
	for _, n := range c {
		sum += n
	}
	return sum
}

// MostFirst are the names of all calls, the most frequent first.
func (c Calls) MostFirst() []string {
	return slices.SortedFunc(maps.Keys(c), func(a, b string) int { return cmp.Or(cmp.Compare(c[b], c[a]), strings.Compare(a, b)) })
}
