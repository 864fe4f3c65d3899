package main

import (
	"context"
	"errors"
	"io"

	"gatehouse.dev/gatehouse/test/local"
)

// measure does what was asked for; one that fails does not keep the other from being run.
func measure(ctx context.Context, o options, stdout, stderr io.Writer) error {
	var failed []error
	if o.users > 0 {
		failed = append(failed, o.on(ctx, stderr, func(p *platform) error { return p.sessionsAtOnce(ctx, stdout) }))
	}
	if o.provision > 0 && ctx.Err() == nil {
		failed = append(failed, o.on(ctx, stderr, func(p *platform) error {
			r, err := p.provisioning(ctx)
			if len(r.rows) > 0 {
				r.print(stdout)
			}
			return err
		}))
	}
	return errors.Join(failed...)
}

// on has a cluster as long as something is done on it.
func (o options) on(ctx context.Context, stderr io.Writer, do func(*platform) error) (err error) {
	c, err := local.Open(ctx, local.Options{State: o.state, Launcher: o.launcher, Env: []string{"REPLICAS=3", "REQUEST_TIMEOUT=10s"}}, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	p, err := newPlatform(c, o, stderr)
	if err != nil {
		return err
	}
	return do(p)
}

func (p *platform) sessionsAtOnce(ctx context.Context, stdout io.Writer) error {
	if err := p.prepare(ctx); err != nil {
		return err
	}
	before, err := p.calls(ctx)
	if err != nil {
		return err
	}
	r, err := p.play(ctx)
	if err != nil {
		return err
	}
	after, err := p.calls(ctx)
	if err != nil {
		return err
	}
	if r.processes, err = p.cluster.Processes(ctx); err != nil {
		return err
	}
	r.calls = after.since(before)
	r.print(stdout)
	return r.verdict()
}
