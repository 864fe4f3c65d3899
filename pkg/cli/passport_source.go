package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/passport"
)

// source says where passports come from: an argument, files, or a live object.
type source struct {
	kube   kubeFlags
	files  []string
	object string
}

func (s *source) bind(cmd *cobra.Command) {
	s.kube.bind(cmd)
	cmd.Flags().StringArrayVarP(&s.files, "filename", "f", nil, "file with objects in YAML or JSON, - for standard input; may be repeated")
	cmd.Flags().StringVar(&s.object, "object", "", "live object, <resource>/<name>; rs is a ResearchSession")
	cmd.Flags().StringVarP(&s.kube.namespace, "namespace", "n", "", "namespace of --object; beside -f or a passport, the namespace it must be for")
}

// subject is one place where a passport stands or should stand.
type subject struct {
	// wire is "" where an object carries none.
	wire string
	// object is nil for a passport that came alone.
	object *unstructured.Unstructured
}

// name says which object it is.
func (s subject) name() string {
	if s.object == nil {
		return ""
	}
	return bindingOf(s.object).String()
}

// bindingOf gives an object in the terms of a passport.
func bindingOf(o *unstructured.Unstructured) passport.Object {
	kind := o.GroupVersionKind()
	return passport.Object{
		Group: kind.Group, Kind: kind.Kind,
		Namespace: o.GetNamespace(), Name: o.GetName(), GenerateName: o.GetGenerateName(),
	}
}

// read gives what the command line names. The cluster is nil unless it was asked.
func (s *source) read(ctx context.Context, env Env, args []string) ([]subject, *cluster, error) {
	given := len(args)
	if len(s.files) > 0 {
		given++
	}
	if s.object != "" {
		given++
	}
	if given != 1 {
		return nil, nil, misuse("give exactly one of a passport, -f and --object")
	}
	switch {
	case s.object != "":
		c, err := s.kube.connect()
		if err != nil {
			return nil, nil, err
		}
		obj, err := c.get(ctx, s.object)
		if err != nil {
			return nil, nil, err
		}
		return []subject{of(obj)}, c, nil
	case len(s.files) > 0:
		objects, err := readManifests(env, s.files)
		if err != nil {
			return nil, nil, err
		}
		var out []subject
		for _, obj := range objects {
			out = append(out, of(obj))
		}
		return out, nil, nil
	}
	wire := args[0]
	if wire == "-" {
		raw, err := readFile(env, "-")
		if err != nil {
			return nil, nil, err
		}
		wire = strings.TrimSuffix(string(raw), "\n")
	}
	return []subject{{wire: wire}}, nil, nil
}

func of(obj *unstructured.Unstructured) subject {
	return subject{wire: obj.GetAnnotations()[v1alpha1.AnnotationPassport], object: obj}
}
