package cli

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/engine/policyset"
	"gatehouse.dev/gatehouse/pkg/facts/manifest"
	"gatehouse.dev/gatehouse/policies"
)

// policiesHelp is what --policies and --with take.
const policiesHelp = "a set of policies, or manifests laid over those built in: Policies, and Gatekeeper's templates and constraints"

// compile makes a program: of a set of policies in a folder, of the built-in policies
// with the manifests of a file or folder, or, without a path, with those that are stored. The
// options' parameters are those of the configuration; a set need not have every policy
// of ours.
func (env Env) compile(ctx context.Context, path string, stored storedPolicies, o engine.Options) (*engine.Program, error) {
	o.Policies = policies.FS
	if path != "" {
		set, err := openSet(path)
		if err == nil {
			o, stored = ownSet(o, set), storedPolicies{}
		} else if stored, err = readPolicies(env, path, err); err != nil {
			return nil, err
		}
	}
	o.Constraints = stored.constraints
	for _, kind := range stored.blind() {
		fmt.Fprintf(env.Err, "Warning: %s looks other objects up and finds none here; what it says may differ in the cluster\n", cell(kind))
	}
	program, err := env.program(ctx, o, stored.policies)
	if err != nil {
		return nil, fmt.Errorf("compile the policies: %w", err)
	}
	return program, nil
}

func (env Env) program(ctx context.Context, o engine.Options, given []*v1alpha1.Policy) (*engine.Program, error) {
	if len(given) == 0 {
		compile := engine.Compile
		if env.Compile != nil {
			compile = env.Compile
		}
		return compile(ctx, o)
	}
	set, err := policyset.New(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := set.Apply(ctx, given); err != nil {
		return nil, err
	}
	return set.Program(), nil
}

// ownSet takes a folder's policies in place of those built in.
func ownSet(o engine.Options, set policySet) engine.Options {
	o.Policies = os.DirFS(set.root)
	_, err := fs.Stat(o.Policies, engine.DefaultCanary().Rule)
	o.NoCanary = err != nil
	o.Parameters = maps.Clone(o.Parameters)
	maps.DeleteFunc(o.Parameters, func(rule string, _ map[string]any) bool {
		_, err := fs.Stat(o.Policies, rule)
		return err != nil
	})
	return o
}

// compileDir compiles the set that a folder belongs to.
func (env Env) compileDir(ctx context.Context, dir string) (policySet, *engine.Program, error) {
	set, err := openSet(dir)
	if err != nil {
		return set, nil, err
	}
	program, err := env.program(ctx, ownSet(engine.Options{}, set), nil)
	if err != nil {
		return set, nil, fmt.Errorf("compile the policies: %w", err)
	}
	return set, program, nil
}

// readPolicies reads the policies of a file, or of a folder that is no set of policies;
// notSet says why it is none. Objects of other kinds are passed over.
func readPolicies(env Env, path string, notSet error) (storedPolicies, error) {
	found, err := manifest.Files(path)
	if err != nil {
		return storedPolicies{}, fmt.Errorf("find the policies: %w", err)
	}
	if len(found) == 0 {
		return storedPolicies{}, notSet
	}
	files, err := readFiles(env, found)
	if err != nil {
		return storedPolicies{}, err
	}
	out, err := filePolicies(files)
	if err == nil && len(out.policies) == 0 && out.constraints == nil {
		return out, fmt.Errorf("%w, and no manifest of a policy", notSet)
	}
	return out, err
}

// filePolicies are the Policies, templates and constraints among the objects of files.
func filePolicies(files []manifestFile) (out storedPolicies, err error) {
	var documents []gatekeeper.Document
	for _, file := range files {
		objects, err := file.objects()
		if err != nil {
			return out, err
		}
		for _, obj := range objects {
			if obj.GroupVersionKind() != v1alpha1.GroupVersion.WithKind("Policy") {
				continue
			}
			p, err := policyOf(obj)
			if err != nil {
				return out, err
			}
			out.policies = append(out.policies, p)
		}
		more, err := gatekeeper.Decode(file.path, file.raw)
		if err != nil {
			return out, err
		}
		documents = append(documents, slices.DeleteFunc(more, func(d gatekeeper.Document) bool { return !d.IsTemplate() && !d.IsConstraint() })...)
	}
	if len(documents) == 0 {
		return out, nil
	}
	if out.constraints, err = gatekeeper.New(documents, nil); err != nil {
		return out, fmt.Errorf("compile the policies: %w", err)
	}
	return out, nil
}

// policyOf reads a Policy strictly: a field that it does not have would set nothing.
func policyOf(obj *unstructured.Unstructured) (*v1alpha1.Policy, error) {
	p := &v1alpha1.Policy{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj.Object, p, true); err != nil {
		return nil, fmt.Errorf("policy %s: %w", obj.GetName(), err)
	}
	return p, nil
}
