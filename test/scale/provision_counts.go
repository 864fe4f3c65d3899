package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"gatehouse.dev/gatehouse/pkg/provision/home"
	"gatehouse.dev/gatehouse/test/local"
)

// counts are what the API server answered to everybody, and what the provisioner says that
// it asked: the first knows of what, the second by whom.
type counts struct{ answered, sent local.Calls }

func (p *platform) counts(ctx context.Context) (counts, error) {
	server, err := local.ServerMetrics(ctx, p.kube.CoreV1().RESTClient())
	if err != nil {
		return counts{}, err
	}
	url, err := p.cluster.Env("METRICS_URL_PROVISIONER_0")
	if err != nil {
		return counts{}, err
	}
	own, err := local.MetricsAt(ctx, url)
	if err != nil {
		return counts{}, err
	}
	return counts{server.Calls(), own.Sent()}, nil
}

// each is what one of n tenants cost since before: what the provisioner sent, by method, and
// everybody's writes, by kind of call. The Tenants themselves are ours, and leases are renewed
// whoever comes.
func (c counts) each(before counts, n int) (sent, writes local.Calls) {
	writes = c.answered.Each(before.answered, n).Writes()
	maps.DeleteFunc(writes, func(what string, _ float64) bool {
		return strings.HasPrefix(what, "POST tenants") || strings.HasSuffix(what, " leases")
	})
	return c.sent.Each(before.sent, n), writes
}

// countedWithin is longer than the quota controller takes to look for new kinds.
const countedWithin = 2 * time.Minute

// counted waits until the cluster's quota controller counts sessions, which takes a fresh
// cluster half a minute: a tenant that is made before gets a second ResourceQuota, which
// happens once in a cluster's life and would be taken for what a tenant costs.
func (p *platform) counted(ctx context.Context) error {
	p.say("waiting until the quota controller counts sessions ...")
	bound, cancel := context.WithTimeout(ctx, countedWithin)
	defer cancel()
	w, err := p.kube.CoreV1().ResourceQuotas("").Watch(bound, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, probe).String(),
	})
	if err != nil {
		return fmt.Errorf("watch resource quota %s: %w", probe, err)
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		if q, ok := e.Object.(*corev1.ResourceQuota); ok {
			if _, counts := q.Status.Used[home.SessionCount]; counts {
				return nil
			}
		}
	}
	return fmt.Errorf("resource quota %s is not counted after %s: %w", probe, countedWithin, errors.Join(context.Cause(bound), errBlind))
}

// probe is the ResourceQuota by which the provisioner finds out.
const probe = "gatehouse-probe"
