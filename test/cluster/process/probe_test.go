package process

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProbe(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
		case "/true":
			_, _ = w.Write([]byte(`{"status":{"conditions":[{"type":"Other","status":"False"},{"type":"Ready","status":"True"}]}}`))
		case "/false":
			_, _ = w.Write([]byte(`{"status":{"conditions":[{"type":"Ready","status":"False"}]}}`))
		case "/none":
			_, _ = w.Write([]byte(`{}`))
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte("[+]ping ok\n[-]policies failed: not compiled\n"))
		}
	}))
	defer server.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	tests := map[string]struct {
		probe Probe
		want  string // part of what is missing; empty = ready
	}{
		"nothing to ask":  {Probe{}, ""},
		"answers":         {Probe{URL: server.URL + "/ok"}, ""},
		"not ready":       {Probe{URL: server.URL + "/broken"}, "HTTP 503: [-]policies failed: not compiled"},
		"gone":            {Probe{URL: closed.URL}, "does not answer yet"},
		"condition":       {Probe{URL: server.URL + "/true", Condition: "Ready"}, ""},
		"condition false": {Probe{URL: server.URL + "/false", Condition: "Ready"}, "Ready is not true"},
		"no condition":    {Probe{URL: server.URL + "/none", Condition: "Ready"}, "Ready is not true"},
		"no object":       {Probe{URL: server.URL + "/ok", Condition: "Ready"}, "unexpected end"},
		"accepts":         {Probe{TCP: address}, ""},
		"refuses":         {Probe{TCP: strings.TrimPrefix(closed.URL, "http://")}, "does not accept"},
		"no authority":    {Probe{URL: server.URL + "/ok", CAFile: "/does/not/exist"}, "read authority"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.probe.Check(context.Background())
			if test.want == "" && err != nil {
				t.Fatalf("not ready: %v", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
		})
	}
}
