package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// provisioning measures how Tenants become Ready from nothing. With an error it gives what
// was measured before.
func (p *platform) provisioning(ctx context.Context) (out provisioned, err error) {
	out.clients = p.clients
	if err := p.counted(ctx); err != nil {
		return out, err
	}
	if out.before, err = p.cluster.Processes(ctx); err != nil {
		return out, err
	}
	seen, err := p.await(ctx)
	if err != nil {
		return out, err
	}
	defer seen.stop()
	for _, w := range p.waves() {
		for i := 0; i < w.tenants; i += perOrganization {
			if err := p.organization(ctx, w.organization(i), tierOf); err != nil {
				return out, err
			}
		}
	}
	if err := pause(ctx, settle); err != nil {
		return out, err
	}
	for _, w := range p.waves() {
		row, err := p.send(ctx, w, seen)
		if err != nil {
			return out, fmt.Errorf("tenants %s: %w", w.name, err)
		}
		out.rows = append(out.rows, row)
		if out.after, err = p.cluster.Processes(ctx); err != nil {
			return out, err
		}
	}
	return out, nil
}

// send makes one wave's tenants, and waits until nothing comes of them any more.
func (p *platform) send(ctx context.Context, w wave, seen *arrivals) (row, error) {
	before, err := p.counts(ctx)
	if err != nil {
		return row{}, err
	}
	p.say("making %d tenants, %s ...", w.tenants, w.name)
	bound := w.bound()
	bounded, cancel := context.WithTimeoutCause(ctx, bound, fmt.Errorf("not all were Ready within %s", bound))
	defer cancel()
	r := row{wave: w}
	began := time.Now()
	if err := p.make(bounded, w, seen); err != nil {
		return row{}, errors.Join(err, seen.missing())
	}
	r.created = time.Since(began)
	p.say("%d tenants created after %.1f s", w.tenants, r.created.Seconds())
	if err := seen.all(bounded, p.say); err != nil {
		return row{}, errors.Join(err, seen.missing())
	}
	r.ready, r.waited = time.Since(began), seen.take()
	p.say("%d tenants are Ready after %.1f s", w.tenants, r.ready.Seconds())
	if err := pause(ctx, settle); err != nil {
		return row{}, err
	}
	after, err := p.counts(ctx)
	if err != nil {
		return row{}, err
	}
	r.sent, r.writes = after.each(before, w.tenants)
	return r, nil
}

// make creates a wave's Tenants. The first that is refused ends it.
func (p *platform) make(ctx context.Context, w wave, seen *arrivals) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var everybody sync.WaitGroup
	for range p.clients {
		everybody.Go(func() {
			for i := range next {
				if err := try(ctx, func() error { return p.tenant(ctx, w.tenant(i), w.organization(i), tierOf) }); err != nil {
					cancel(err)
					continue
				}
				seen.created(w.tenant(i))
			}
		})
	}
	for i := 0; i < w.tenants && ctx.Err() == nil; i++ {
		select {
		case next <- i:
			_ = pause(ctx, w.pace)
		case <-ctx.Done():
		}
	}
	close(next)
	everybody.Wait()
	return context.Cause(ctx)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
