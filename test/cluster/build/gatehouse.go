package build

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// servers are the programs of the main module that a cluster runs or hands out.
var servers = []string{"webhook", "provisioner", "gatehouse"}

// Gatehouse builds the main module's programs into its bin folder and returns where each
// lies. Go's own cache makes this quick when nothing has changed, so nothing is said and
// nothing is counted unless it takes long.
func Gatehouse(ctx context.Context, repository string, out io.Writer) (map[string]string, error) {
	bin := filepath.Join(repository, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return nil, fmt.Errorf("build gatehouse: %w", err)
	}
	set := Set{Name: "gatehouse", Module: repository}
	found := map[string]string{}
	for _, name := range servers {
		set.Programs = append(set.Programs, Program{"./cmd/" + name, name})
		found[name] = filepath.Join(bin, name)
	}
	if err := goBuild(ctx, set, bin, newMeter(out, set.Name)); err != nil {
		return nil, interrupted(ctx, set, err)
	}
	return found, nil
}
