package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// play fills every limit, makes room and waits for the end.
func (p *platform) play(ctx context.Context) (*result, error) {
	r := &result{options: p.options}
	watched, err := p.follow(ctx)
	if err != nil {
		return nil, err
	}
	defer watched.stop()
	if err := p.cordon(ctx, true); err != nil {
		return nil, err
	}
	began := time.Now()
	all := p.users * p.sessions
	halfway := make(chan error, 1)
	go func() { halfway <- p.killHalfway(ctx, watched, all/2) }()
	if err := p.ask(ctx, r); err != nil {
		return nil, err
	}
	if err := <-halfway; err != nil {
		return nil, err
	}
	if err := p.wait(ctx, "sessions are admitted", all, func() (int, error) { return watched.live(), nil }); err != nil {
		return nil, err
	}
	r.admitted = time.Since(began)
	if err := p.wait(ctx, "sessions have their Job and wait for a node", all, func() (int, error) { return watched.in("Creating"), nil }); err != nil {
		return nil, err
	}
	r.created = time.Since(began)
	began = time.Now()
	if err := p.cordon(ctx, false); err != nil {
		return nil, err
	}
	if p.kill {
		time.Sleep(time.Second) // some have ended, others run
		if err := p.killAll(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.wait(ctx, "sessions are Completed", all, func() (int, error) { return watched.in("Completed"), nil }); err != nil {
		return nil, err
	}
	r.completed = time.Since(began)
	r.peak, r.peakOf = watched.most()
	if err := p.count(ctx, r); err != nil {
		return nil, err
	}
	return r, p.settled(ctx)
}

// ask has every user make her sessions and one more, one right after the other; users come
// one after the other too, and none waits for another.
func (p *platform) ask(ctx context.Context, r *result) error {
	var everybody sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for i := range p.users {
		as, err := p.as(i)
		if err != nil {
			return err
		}
		everybody.Go(func() {
			select {
			case <-time.After(p.over * time.Duration(i) / time.Duration(p.users)):
			case <-ctx.Done():
			}
			for n := range p.sessions + 1 {
				o := &unstructured.Unstructured{}
				err := yaml.Unmarshal(fmt.Appendf(nil, `{apiVersion: research.example.com/v1, kind: ResearchSession, metadata: {name: s-%d},
					spec: {prompt: Look, websiteURL: "https://example.com", llmSettings: {model: claude-sonnet}, timeout: 1800}}`, n), &o.Object)
				if err == nil {
					tries := 0
					err = try(ctx, func() error {
						tries++
						_, err := as.Resource(sessions).Namespace(namespace(i)).Create(ctx, o, metav1.CreateOptions{})
						if tries > 1 && apierrors.IsAlreadyExists(err) {
							return nil // hers, of a try whose answer was lost
						}
						return err
					})
				}
				mu.Lock()
				switch {
				case n == p.sessions && apierrors.IsForbidden(err) && strings.Contains(err.Error(), "denied by quota/sessions: "):
					r.refused++
				case err != nil || n == p.sessions:
					failed = errors.Join(failed, fmt.Errorf("session %d of %s: %w", n, tenant(i), err))
				}
				mu.Unlock()
			}
		})
	}
	everybody.Wait()
	return failed
}

// killHalfway kills every server of ours once so many sessions are admitted, in the middle of the
// others' admissions.
func (p *platform) killHalfway(ctx context.Context, watched *followed, n int) error {
	if !p.kill {
		return nil
	}
	for watched.live() < n {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d sessions are not admitted: %w", n, ctx.Err())
		}
	}
	return p.killAll(ctx)
}

// try repeats what may come again.
func try(ctx context.Context, do func() error) error {
	for {
		err := do()
		again := apierrors.IsInternalError(err) || apierrors.IsServerTimeout(err) || apierrors.IsTooManyRequests(err) || apierrors.IsTimeout(err)
		if !again || ctx.Err() != nil {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (p *platform) cordon(ctx context.Context, on bool) error {
	nodes, err := p.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	for _, n := range nodes.Items {
		patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, on)
		if _, err := p.kube.CoreV1().Nodes().Patch(ctx, n.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("node %s: %w", n.Name, err)
		}
	}
	return nil
}

// killAll kills every server of ours and starts them again.
func (p *platform) killAll(ctx context.Context) error {
	servers := []string{"provisioner-0", "webhook-0", "webhook-1", "webhook-2"}
	p.say("killing %s ...", strings.Join(servers, ", "))
	for _, step := range []struct{ verb, flags string }{{"stop", "--signal KILL"}, {"start", ""}} {
		for _, name := range servers {
			args := append([]string{step.verb, name}, strings.Fields(step.flags)...)
			if out, err := p.cluster.Command(ctx, args...).CombinedOutput(); err != nil {
				return fmt.Errorf("%s %s: %w: %s", step.verb, name, err, out)
			}
		}
		time.Sleep(2 * time.Second)
	}
	return nil
}

// count proves that each session was run once.
func (p *platform) count(ctx context.Context, r *result) error {
	jobs, err := p.kube.BatchV1().Jobs("").List(ctx, metav1.ListOptions{LabelSelector: "app=claude-runner"})
	if err != nil {
		return fmt.Errorf("list jobs: %w", err)
	}
	r.jobs = len(jobs.Items)
	for _, j := range jobs.Items {
		r.runs += int(j.Status.Succeeded + j.Status.Failed)
	}
	return nil
}

// settled waits until the ledgers hold no sessions and nothing open.
func (p *platform) settled(ctx context.Context) error {
	return p.wait(ctx, "sessions are left in the ledgers", 0, func() (int, error) {
		list, err := p.dynamic.Resource(kind("quotaledgers")).List(ctx, metav1.ListOptions{})
		if err != nil {
			return 0, fmt.Errorf("list ledgers: %w", err)
		}
		left := 0
		for _, l := range list.Items {
			all, _, _ := unstructured.NestedSlice(l.Object, "spec", "sections")
			for _, s := range all {
				section, _ := s.(map[string]any)
				entries, _, _ := unstructured.NestedSlice(section, "entries")
				left += len(entries)
				settled, _, _ := unstructured.NestedSlice(section, "settled")
				for _, a := range settled {
					if amount, _ := a.(map[string]any); amount["dimension"] == "sessions" {
						left++
					}
				}
			}
		}
		return left, nil
	})
}
