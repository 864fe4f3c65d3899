package crd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	schemavalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// Schema judges the objects of one kind.
type Schema struct {
	structural *schema.Structural
	values     schemavalidation.SchemaValidator
	rules      *cel.Validator
}

// Load reads every definition in a folder. A definition that the API server would not
// install is an error that says why.
func Load(dir string) (map[runtimeschema.GroupVersionKind]Schema, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*_*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list definitions: %w", err)
	}
	all := map[runtimeschema.GroupVersionKind]Schema{}
	for _, path := range paths {
		if err := load(path, all); err != nil {
			return nil, fmt.Errorf("definition %s: %w", filepath.Base(path), err)
		}
	}
	return all, nil
}

func load(path string, into map[runtimeschema.GroupVersionKind]Schema) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var external apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(data, &external); err != nil {
		return err
	}
	for _, version := range external.Spec.Versions {
		var props apiextensions.JSONSchemaProps
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, &props, nil); err != nil {
			return err
		}
		structural, err := schema.NewStructural(&props)
		if err != nil {
			return err
		}
		if errs := schema.ValidateStructural(nil, structural); len(errs) > 0 {
			return errs.ToAggregate()
		}
		if err := checkRules(structural); err != nil {
			return err
		}
		values, _, err := schemavalidation.NewSchemaValidator(&props)
		if err != nil {
			return err
		}
		gvk := runtimeschema.GroupVersionKind{Group: external.Spec.Group, Version: version.Name, Kind: external.Spec.Names.Kind}
		into[gvk] = Schema{structural: structural, values: values, rules: cel.NewValidator(structural, true, celconfig.PerCallLimit)}
	}
	return nil
}

// Unknown lists the fields that the schema does not know and the API server would drop.
func (s Schema) Unknown(o *unstructured.Unstructured) []string {
	return pruning.PruneWithOptions(o.DeepCopy().Object, s.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
}

// Default sets what the object leaves out.
func (s Schema) Default(o *unstructured.Unstructured) { defaulting.Default(o.Object, s.structural) }

// Validate judges an object, and its former self where there is one.
func (s Schema) Validate(o, old *unstructured.Unstructured) field.ErrorList {
	errs := schemavalidation.ValidateCustomResource(nil, o.Object, s.values)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, s.structural, o.Object)...)
	if len(errs) > 0 || s.rules == nil {
		return errs
	}
	var former any
	if old != nil {
		former = old.Object
	}
	found, _ := s.rules.Validate(context.Background(), nil, s.structural, o.Object, former, celconfig.RuntimeCELCostBudget)
	return append(errs, found...)
}
