package process

import (
	"context"
	"sync"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

// Reports asks every process of a cluster whether it is ready, all at once.
func (r *Remote) Reports(ctx context.Context) ([]Report, error) {
	all, err := r.Status(ctx)
	if err != nil {
		return nil, err
	}
	reports := make([]Report, len(all))
	var group sync.WaitGroup
	for i, status := range all {
		group.Go(func() { reports[i] = report(ctx, r.dir, status) })
	}
	group.Wait()
	return reports, nil
}

func report(ctx context.Context, dir state.Dir, status Status) Report {
	line := Report{
		Process: status.Spec.Name,
		PID:     status.PID,
		Address: status.Spec.Address,
		Log:     dir.Log(status.Spec.Name),
	}
	if !status.Running() {
		line.Message = "not running (" + status.Exit + ")"
		return line
	}
	line.RSS = Memory(status.PID)
	if err := status.Spec.Ready.Check(ctx); err != nil {
		line.Message = err.Error()
		return line
	}
	line.Ready = true
	return line
}
