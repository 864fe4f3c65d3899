package process

import (
	"context"
	"strings"
	"sync"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

// Reports asks every process of a cluster whether it is ready, all at once. The
// supervisor, which has answered, comes first.
func (r *Remote) Reports(ctx context.Context) ([]Report, error) {
	all, err := r.Status(ctx)
	if err != nil {
		return nil, err
	}
	reports := make([]Report, len(all)+1)
	self := Recorded(r.dir, supervisorName)
	reports[0] = Report{
		Process: supervisorName, PID: self, Ready: true, RSS: Memory(self),
		Address: strings.TrimPrefix(r.address.URL, "http://"), Log: r.dir.Log(supervisorName),
	}
	var group sync.WaitGroup
	for i, status := range all {
		group.Go(func() { reports[i+1] = report(ctx, r.dir, status) })
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
