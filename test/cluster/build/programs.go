package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// versionPackages are where the components of Kubernetes look for their version.
var versionPackages = []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"}

var controlPlane = []Program{
	{"go.etcd.io/etcd/server/v3", "etcd"},
	{"k8s.io/kubernetes/cmd/kube-apiserver", "kube-apiserver"},
	{"k8s.io/kubernetes/cmd/kube-controller-manager", "kube-controller-manager"},
	{"k8s.io/kubernetes/cmd/kube-scheduler", "kube-scheduler"},
	{"k8s.io/kubernetes/cmd/kubectl", "kubectl"},
}

// ControlPlane returns where each program of the control plane lies, by name. root is
// the folder of module test/cluster. Programs that assets (KUBEBUILDER_ASSETS) holds are
// taken from there.
func (c Cache) ControlPlane(ctx context.Context, root, assets string) (map[string]string, error) {
	set, err := controlPlaneSet(filepath.Join(root, "kubernetes"))
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	var missing []Program
	for _, program := range set.Programs {
		path := filepath.Join(assets, program.Name)
		if info, err := os.Stat(path); assets != "" && err == nil && info.Mode()&0o100 != 0 {
			found[program.Name] = path
			continue
		}
		missing = append(missing, program)
	}
	if len(found) > 0 {
		fmt.Fprintf(c.Out, "control-plane: %d of %d programs are taken from KUBEBUILDER_ASSETS, %s\n", len(found), len(set.Programs), assets)
	}
	if set.Programs = missing; len(missing) == 0 {
		return found, nil
	}
	return found, c.add(ctx, set, found)
}

// Kwok returns where the program that plays the nodes lies.
func (c Cache) Kwok(ctx context.Context, root string) (map[string]string, error) {
	module := filepath.Join(root, "kwok")
	version, err := required(module, "sigs.k8s.io/kwok")
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	set := Set{Name: "kwok", Module: module, Version: version, Flags: "-s -w", Programs: []Program{
		{"gatehouse.dev/gatehouse/test/cluster/kwok", "kwok"},
	}}
	return found, c.add(ctx, set, found)
}

func (c Cache) add(ctx context.Context, set Set, found map[string]string) error {
	dir, err := c.Ensure(ctx, set)
	if err != nil {
		return err
	}
	for _, program := range set.Programs {
		found[program.Name] = filepath.Join(dir, program.Name)
	}
	return nil
}

func controlPlaneSet(module string) (Set, error) {
	version, err := required(module, "k8s.io/kubernetes")
	if err != nil {
		return Set{}, err
	}
	return Set{
		Name:     "control-plane",
		Module:   module,
		Version:  version,
		Flags:    stamp(version),
		Programs: controlPlane,
	}, nil
}

// stamp has the components say their version, which a plain go build leaves at v0.0.0.
func stamp(version string) string {
	number := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	flags := []string{"-s", "-w"}
	for _, pkg := range versionPackages {
		flags = append(flags,
			"-X "+pkg+".gitVersion="+version,
			"-X "+pkg+".gitMajor="+number[0],
			"-X "+pkg+".gitMinor="+number[1],
			"-X "+pkg+".gitTreeState=clean",
		)
	}
	return strings.Join(flags, " ")
}

// required is the version of a module that a go.mod requires.
func required(module, name string) (string, error) {
	path := filepath.Join(module, "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read pinned versions: %w", err)
	}
	file, err := modfile.Parse(path, text, nil)
	if err != nil {
		return "", fmt.Errorf("read pinned versions: %w", err)
	}
	for _, require := range file.Require {
		if require.Mod.Path == name {
			return require.Mod.Version, nil
		}
	}
	return "", fmt.Errorf("%s does not require %s", path, name)
}
