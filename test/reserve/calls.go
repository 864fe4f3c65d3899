package main

import (
	"context"
	"fmt"
	"io"

	"gatehouse.dev/gatehouse/test/local"
)

func (b *bench) calls(ctx context.Context) (local.Calls, error) {
	all, err := local.ServerMetrics(ctx, b.kube.Discovery().RESTClient())
	if err != nil {
		return nil, err
	}
	return all.Calls(), nil
}

// tell writes which calls there were for each admitted session, the most frequent first.
func tell(w io.Writer, each local.Calls) {
	for _, name := range each.MostFirst() {
		if each[name] >= .02 {
			_, _ = fmt.Fprintf(w, "    %.2f %s\n", each[name], name)
		}
	}
}
