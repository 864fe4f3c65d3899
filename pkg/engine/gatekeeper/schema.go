package gatekeeper

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// constraintSchema is what the constraints of one template must look like.
type constraintSchema struct {
	crd        *apiextensionsv1.CustomResourceDefinition
	validator  validation.SchemaValidator
	structural *structuralschema.Structural
}

// newSchema joins the template's schema of parameters with that of all constraints.
// The versions before v1 take any field that their schema does not name, unless they
// say otherwise.
func newSchema(kind string, shortNames []string, v *templateValidation, oldVersion bool) (*constraintSchema, error) {
	legacy := oldVersion
	var parameters *apiextensionsv1.JSONSchemaProps
	if v != nil {
		parameters = v.OpenAPIV3Schema
		if v.LegacySchema != nil {
			legacy = *v.LegacySchema
		}
	}
	if parameters == nil && legacy {
		parameters = &apiextensionsv1.JSONSchemaProps{}
	}
	if parameters != nil {
		parameters = parameters.DeepCopy()
		if legacy {
			if err := loosen(parameters); err != nil {
				return nil, err
			}
		}
	}
	s := &constraintSchema{crd: definition(kind, shortNames, parameters)}
	internal := &apiextensions.JSONSchemaProps{}
	whole := s.crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(whole, internal, nil)
	if err != nil {
		return nil, err
	}
	if s.structural, err = structuralschema.NewStructural(internal); err != nil {
		return nil, err
	}
	if bad := structuralschema.ValidateStructural(nil, s.structural); len(bad) > 0 {
		return nil, listed(bad)
	}
	s.validator, _, err = validation.NewSchemaValidator(internal)
	return s, err
}

// loosen lets every object of a schema hold fields that it does not name, and gives
// arrays without a schema of their items one.
func loosen(s *apiextensionsv1.JSONSchemaProps) error {
	yes := true
	switch s.Type {
	case "", "object":
		s.XPreserveUnknownFields = &yes
	case "array":
		if s.Items == nil || s.Items.Schema == nil && s.Items.JSONSchemas == nil {
			s.Items = &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &apiextensionsv1.JSONSchemaProps{}}
		}
	}
	for name, property := range s.Properties {
		if err := loosen(&property); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s.Properties[name] = property
	}
	if s.Items != nil {
		if s.Items.JSONSchemas != nil {
			return errors.New("items: a list of schemas is no structural schema")
		}
		if err := loosen(s.Items.Schema); err != nil {
			return fmt.Errorf("items: %w", err)
		}
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		return loosen(s.AdditionalProperties.Schema)
	}
	return nil
}

// complete checks a constraint, fills in the schema's defaults and lists what is wrong:
// what the schema refuses, and fields that it does not know.
func (s *constraintSchema) complete(object map[string]any) error {
	if bad := validation.ValidateCustomResource(nil, object, s.validator); len(bad) > 0 {
		return listed(bad)
	}
	unknown := pruning.PruneWithOptions(object, s.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	if len(unknown) > 0 {
		return fmt.Errorf("unknown field %s", strings.Join(unknown, ", "))
	}
	defaulting.Default(object, s.structural)
	return nil
}

// listed joins errors of a schema to one line.
func listed(bad field.ErrorList) error {
	texts := make([]string, 0, len(bad))
	for _, err := range bad {
		texts = append(texts, err.Error())
	}
	return errors.New(strings.Join(texts, "; "))
}
