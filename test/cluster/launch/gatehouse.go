package launch

import (
	"context"

	"gatehouse.dev/gatehouse/test/cluster/build"
)

// built is what came of building Gatehouse's own programs.
type built struct {
	found map[string]string
	err   error
}

// buildGatehouse compiles Gatehouse's servers while the control plane starts.
func (r *run) buildGatehouse(ctx context.Context) <-chan built {
	result := make(chan built, 1)
	if r.options.ControlPlaneOnly {
		return result
	}
	go func() {
		found, err := build.Gatehouse(ctx, r.options.Repository, r.out)
		result <- built{found, err}
	}()
	return result
}

func (r *run) startGatehouse(ctx context.Context, programs map[string]string) error {
	return nil
}
