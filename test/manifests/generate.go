package main

import (
	"path/filepath"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/test/manifests/admission"
	"gatehouse.dev/gatehouse/test/manifests/chart"
	"gatehouse.dev/gatehouse/test/manifests/guard"
	"gatehouse.dev/gatehouse/test/manifests/installation"
	"gatehouse.dev/gatehouse/test/manifests/render"
)

// configurationFile is the servers' configuration, which names issuers and admins.
const configurationFile = "config/manager/gatehouse.yaml"

// templatesFile is the kind of Gatekeeper's templates.
const templatesFile = "templates.gatekeeper.sh_constrainttemplates.yaml"

// staticNote is for who finds the file on a control plane.
const staticNote = "# For an API server's staticManifestsDir, not for kubectl: docs/static-admission.md."

// generate makes every output from the sources under root.
func generate(root string) ([]output, error) {
	i, err := installation.Load(filepath.Join(root, configurationFile))
	if err != nil {
		return nil, err
	}
	var outputs []output
	add := func(o output, err error) error {
		if err == nil {
			outputs = append(outputs, o)
		}
		return err
	}
	if err := add(document("config/webhook/mutating.yaml", "", admission.Mutating(i))); err != nil {
		return nil, err
	}
	if err := add(document("config/webhook/validating.yaml", "", admission.Validating(i))); err != nil {
		return nil, err
	}
	if err := add(document("config/webhook/kustomization.yaml", "", kustomization("mutating.yaml", "validating.yaml"))); err != nil {
		return nil, err
	}
	if err := add(document("config/crd/"+templatesFile, "", gatekeeper.TemplateDefinition())); err != nil {
		return nil, err
	}
	var names []string
	for _, g := range guard.Guards(i) {
		file := g.Policy.Name + ".yaml"
		names = append(names, file)
		if err := add(document("config/guard/"+file, "", g.Policy, g.Binding)); err != nil {
			return nil, err
		}
	}
	if err := add(document("config/guard/kustomization.yaml", "", kustomization(names...))); err != nil {
		return nil, err
	}
	var files []any
	for _, g := range guard.Static(i) {
		files = append(files, g.Policy, g.Binding)
	}
	if err := add(document("config/static/gatehouse.yaml", staticNote, files...)); err != nil {
		return nil, err
	}
	outputs = append(outputs, output{path: "docs/exemptions.md", data: exemptions(i)})
	return outputs, nil
}

// generateChart makes the chart from what kustomize renders, so everything else must be
// as generated first.
func generateChart(root string) ([]output, error) {
	i, err := installation.Load(filepath.Join(root, configurationFile))
	if err != nil {
		return nil, err
	}
	objects, err := render.Kustomize(root, "config/default")
	if err != nil {
		return nil, err
	}
	files, err := chart.Templates(objects, i)
	if err != nil {
		return nil, err
	}
	values, err := chart.Values(root, configurationFile, objects)
	if err != nil {
		return nil, err
	}
	var outputs []output
	for _, file := range append(files, values) {
		outputs = append(outputs, output{path: "charts/gatehouse/" + file.Path, data: file.Data})
	}
	return outputs, nil
}

func kustomization(resources ...string) map[string]any {
	return map[string]any{"resources": resources}
}
