package gate

import (
	"context"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/review"
)

// mutate sets the passport, restores a session's status, and applies what the policies
// want set.
func (g *Gate) mutate(ctx context.Context, w *write, s *standing) review.Verdict {
	var patches []review.Patch
	if w.object.present() {
		want, stop := g.wanted(w, s)
		if stop != nil {
			return *stop
		}
		w.trace.Correlation = want.correlation
		if s.seal == sealMint && w.object.seals().wire != "" && w.object.seals() != w.old.seals() && want != w.object.seals() {
			s.warnings = append(s.warnings, "the passport in this manifest was dropped: Gatehouse makes its own")
		}
		if w.object.at("metadata", "annotations", v1alpha1.AnnotationSeal) != nil && !s.reseal {
			s.warnings = append(s.warnings, "the annotation "+v1alpha1.AnnotationSeal+" was dropped: it is for platform identities, and its value is tenant")
		}
		patches = append(patches, sealPatches(w.object, want)...)
	}
	if fix, ok := g.restoreStatus(ctx, w, s); ok {
		patches = append(patches, fix...)
	}
	more, stop := g.policyPatches(ctx, w, s)
	if stop != nil {
		return *stop
	}
	patches = append(patches, more...)
	v := w.allow()
	v.Patches, v.Warnings = patches, s.warnings
	return v
}

// sealPatches brings our annotations to what is wanted and drops the request to seal.
func sealPatches(o object, want seals) []review.Patch {
	set := map[string]string{v1alpha1.AnnotationPassport: want.wire, v1alpha1.AnnotationCorrelation: want.correlation, v1alpha1.AnnotationSeal: ""}
	annotations, hasMap := o.at("metadata", "annotations").(ast.Object)
	if !hasMap {
		values := map[string]string{}
		for key, value := range set {
			if value != "" {
				values[key] = value
			}
		}
		if len(values) == 0 {
			return nil
		}
		if _, hasMetadata := o.at("metadata").(ast.Object); !hasMetadata {
			return []review.Patch{{Op: "add", Path: "/metadata", Value: map[string]any{"annotations": values}}}
		}
		return []review.Patch{{Op: "add", Path: "/metadata/annotations", Value: values}}
	}
	var patches []review.Patch
	removed := 0
	for _, key := range []string{v1alpha1.AnnotationPassport, v1alpha1.AnnotationCorrelation, v1alpha1.AnnotationSeal} {
		path := "/metadata/annotations/" + escape(key)
		have := o.at("metadata", "annotations", key)
		switch value := set[key]; {
		case value == "" && have != nil:
			removed++
			patches = append(patches, review.Patch{Op: "remove", Path: path})
		case value != "" && o.annotation(key) != value:
			patches = append(patches, review.Patch{Op: "add", Path: path, Value: value})
		}
	}
	if removed > 0 && removed == annotations.Len() && len(patches) == removed {
		// An empty map is not what was there before: it would be a write of its own.
		return []review.Patch{{Op: "remove", Path: "/metadata/annotations"}}
	}
	return patches
}

// policyPatches asks the policies what they want set where nothing is.
func (g *Gate) policyPatches(ctx context.Context, w *write, s *standing) ([]review.Patch, *review.Verdict) {
	if !w.object.present() || !w.program.Mutates(w.Kind.Group, w.Kind.Kind, string(w.Operation)) {
		return nil, nil
	}
	document, err := w.program.Mutate(ctx, g.input(w, s), w.delegated())
	if err != nil {
		v := review.Fail(w.trace, "a policy could not be evaluated: "+err.Error())
		return nil, &v
	}
	result, err := engine.Decode(document)
	if err != nil {
		v := review.Fail(w.trace, "a policy gave a result of the wrong shape: "+err.Error())
		return nil, &v
	}
	return fill(w.object, result.Mutations), nil
}
