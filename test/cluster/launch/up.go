package launch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/build"
	"gatehouse.dev/gatehouse/test/cluster/process"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

// downLimit bounds the clean-up after a start that failed.
const downLimit = 45 * time.Second

// Up starts a cluster and returns when every part is ready. A cluster that is up and
// ready is left as it is. When something fails, or ctx ends, everything that was started
// is ended; logs stay.
func Up(ctx context.Context, options Options) error {
	if err := options.check(); err != nil {
		return err
	}
	r := &run{options: options, dir: options.Dir, out: options.Out, started: time.Now()}
	release, err := r.dir.Claim()
	if err != nil {
		return err
	}
	defer release()
	if remote, err := process.Connect(r.dir); err == nil {
		return already(ctx, remote, r)
	}
	for _, name := range process.Leftovers(r.dir) {
		r.say("%s of an earlier cluster still runs; ending it", name)
	}
	if err := process.Down(ctx, r.dir); err != nil {
		return fmt.Errorf("end an earlier cluster: %w", err)
	}
	programs, err := r.buildControlPlane(ctx)
	if err != nil {
		return err
	}
	ours, stop := r.buildGatehouse(ctx)
	defer stop()
	if err := r.buildNodes(ctx, programs); err != nil {
		return err
	}
	if err := r.prepare(ctx, programs); err != nil {
		return err
	}
	defer r.ports.ReleaseAll()
	if err := r.startAll(ctx, ours); err != nil {
		return errors.Join(err, r.takeDown(ctx))
	}
	r.say("up")
	return nil
}

// already says whether the cluster that runs is good to use.
func already(ctx context.Context, remote *process.Remote, r *run) error {
	reports, err := remote.Reports(ctx)
	if err != nil {
		return err
	}
	for _, report := range reports {
		if !report.Ready {
			return fmt.Errorf("a cluster runs in %s, but %s is not ready: %s; take it down first", r.dir, report.Process, report.Message)
		}
	}
	r.say("already up in %s", r.dir)
	return nil
}

func (r *run) takeDown(ctx context.Context) error {
	r.say("taking down what was started")
	// What was started is ended even when the caller may not wait any more.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), downLimit)
	defer cancel()
	return process.Down(ctx, r.dir)
}

// Down ends the cluster of a folder.
func Down(ctx context.Context, dir state.Dir) error {
	if !dir.Exists() {
		return nil
	}
	release, err := dir.Claim()
	if err != nil {
		return err
	}
	defer release()
	return process.Down(ctx, dir)
}

// Build compiles everything a cluster runs.
func Build(ctx context.Context, options Options) error {
	r := &run{options: options, dir: options.Dir, out: options.Out, started: time.Now()}
	programs, err := r.buildControlPlane(ctx)
	if err != nil {
		return err
	}
	if err := r.buildNodes(ctx, programs); err != nil {
		return err
	}
	if options.ControlPlaneOnly {
		return nil
	}
	_, err = build.Gatehouse(ctx, options.Repository, options.Out)
	return err
}

// buildControlPlane returns the programs of the control plane by name.
func (r *run) buildControlPlane(ctx context.Context) (map[string]string, error) {
	cache, err := r.cache()
	if err != nil {
		return nil, err
	}
	return cache.ControlPlane(ctx, r.module(), r.options.Assets)
}

// buildNodes adds the program that plays the nodes.
func (r *run) buildNodes(ctx context.Context, programs map[string]string) error {
	cache, err := r.cache()
	if err != nil {
		return err
	}
	kwok, err := cache.Kwok(ctx, r.module())
	maps.Copy(programs, kwok)
	return err
}

func (r *run) cache() (build.Cache, error) {
	dir, err := build.DefaultDir()
	return build.Cache{Dir: dir, Out: r.out}, err
}

// module is the folder of module test/cluster.
func (r *run) module() string { return filepath.Join(r.options.Repository, "test", "cluster") }
