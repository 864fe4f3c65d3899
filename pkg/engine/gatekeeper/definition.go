package gatekeeper

import (
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type props = apiextensionsv1.JSONSchemaProps

// wildcardPattern is a name, or a part of one with * before or behind it.
const wildcardPattern = `^\*?[-.:a-z0-9]*\*?$`

// Definition is the CustomResourceDefinition of a template's constraints.
func (t *Template) Definition() *apiextensionsv1.CustomResourceDefinition {
	return t.schema.crd.DeepCopy()
}

// definition makes the kind <Kind>.constraints.gatekeeper.sh. Without a schema a
// constraint has no parameters.
func definition(kind string, shortNames []string, parameters *props) *apiextensionsv1.CustomResourceDefinition {
	plural := strings.ToLower(kind)
	version := func(name string, storage bool) apiextensionsv1.CustomResourceDefinitionVersion {
		return apiextensionsv1.CustomResourceDefinitionVersion{
			Name: name, Served: true, Storage: storage,
			Schema:       &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: constraintProps(parameters)},
			Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}},
			AdditionalPrinterColumns: []apiextensionsv1.CustomResourceColumnDefinition{
				{Name: "Enforcement-Action", Type: "string", JSONPath: ".spec.enforcementAction"},
			},
		}
	}
	return &apiextensionsv1.CustomResourceDefinition{
		TypeMeta:   metav1.TypeMeta{APIVersion: apiextensionsv1.SchemeGroupVersion.String(), Kind: "CustomResourceDefinition"},
		ObjectMeta: metav1.ObjectMeta{Name: plural + "." + ConstraintGroup, Labels: map[string]string{LabelConstraint: "yes"}},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: ConstraintGroup,
			Scope: apiextensionsv1.ClusterScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{
				Kind: kind, ListKind: kind + "List", Plural: plural, Singular: plural,
				ShortNames: shortNames, Categories: []string{"constraint", "constraints"},
			},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{version("v1beta1", true), version("v1alpha1", false)},
		},
	}
}

// TemplateDefinition is the CustomResourceDefinition of templates themselves, of all
// versions: they differ only in what they take for granted.
func TemplateDefinition() *apiextensionsv1.CustomResourceDefinition {
	version := func(name string) apiextensionsv1.CustomResourceDefinitionVersion {
		return apiextensionsv1.CustomResourceDefinitionVersion{
			Name: name, Served: true, Storage: name == "v1",
			Schema:       &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: templateProps()},
			Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}},
			AdditionalPrinterColumns: []apiextensionsv1.CustomResourceColumnDefinition{
				{Name: "Kind", Type: "string", JSONPath: ".spec.crd.spec.names.kind"},
				{Name: "Created", Type: "boolean", JSONPath: ".status.created"},
			},
		}
	}
	return &apiextensionsv1.CustomResourceDefinition{
		TypeMeta:   metav1.TypeMeta{APIVersion: apiextensionsv1.SchemeGroupVersion.String(), Kind: "CustomResourceDefinition"},
		ObjectMeta: metav1.ObjectMeta{Name: "constrainttemplates." + TemplateGroup},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: TemplateGroup,
			Scope: apiextensionsv1.ClusterScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{
				Kind: TemplateKind, ListKind: TemplateKind + "List", Plural: "constrainttemplates", Singular: "constrainttemplate",
			},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{version("v1"), version("v1beta1"), version("v1alpha1")},
		},
	}
}

func templateProps() *props {
	texts := func() props { return list(props{Type: "string"}) }
	flag := props{Type: "boolean", Description: "Objects of the parameters may hold fields that the schema does not name; so they may by default before v1."}
	described := func(p props, text string) props {
		p.Description = text
		return p
	}
	code := object(map[string]props{
		"engine": described(props{Type: "string"}, "Rego is evaluated; other engines are passed over."),
		"source": described(anything(), "Of Rego: rego, libs, and version v0 or v1."),
	})
	code.Required = []string{"engine", "source"}
	target := object(map[string]props{
		"target":     described(props{Type: "string"}, Target+", the only one."),
		"operations": described(texts(), "Operations that its constraints look at: CREATE and UPDATE unless listed."),
		"rego":       described(props{Type: "string"}, "Rego of version 0, with a rule violation."),
		"libs":       described(texts(), "Modules of packages below lib."),
		"code":       list(code),
	})
	spec := object(map[string]props{
		"crd": object(map[string]props{"spec": object(map[string]props{
			"names": object(map[string]props{"kind": {Type: "string"}, "shortNames": texts()}),
			"validation": object(map[string]props{
				"legacySchema":    flag,
				"openAPIV3Schema": described(anything(), "The schema of spec.parameters."),
			}),
		})}),
		"targets": list(target),
	})
	return &props{Type: "object", Description: "A template for constraints, in Gatekeeper's format.", Properties: map[string]props{
		"apiVersion": {Type: "string"},
		"kind":       {Type: "string"},
		"metadata":   {Type: "object"},
		"spec":       spec,
		"status":     anything(),
	}}
}

func constraintProps(parameters *props) *props {
	longest := int64(63)
	spec := props{Type: "object", Properties: map[string]props{
		"enforcementAction": {Type: "string"},
		"scopedEnforcementActions": list(object(map[string]props{
			"action":            {Type: "string"},
			"enforcementPoints": list(object(map[string]props{"name": {Type: "string"}})),
		})),
		"match": matchProps(),
	}}
	if parameters != nil {
		spec.Properties["parameters"] = *parameters
	}
	return &props{Type: "object", Properties: map[string]props{
		"apiVersion": {Type: "string"},
		"kind":       {Type: "string"},
		"metadata":   object(map[string]props{"name": {Type: "string", MaxLength: &longest}}),
		"spec":       spec,
		"status":     anything(),
	}}
}

// matchProps is the part that all constraints share.
func matchProps() props {
	names := func() props { return list(props{Type: "string", Pattern: wildcardPattern}) }
	texts := func() props { return list(props{Type: "string", Nullable: true}) }
	return object(map[string]props{
		"source":             {Type: "string", Enum: enum("All", "Generated", "Original")},
		"scope":              {Type: "string", Enum: enum("*", "Cluster", "Namespaced")},
		"kinds":              list(object(map[string]props{"apiGroups": texts(), "kinds": texts()})),
		"namespaces":         names(),
		"excludedNamespaces": names(),
		"name":               {Type: "string", Pattern: wildcardPattern},
		"labelSelector":      selectorProps(),
		"namespaceSelector":  selectorProps(),
	})
}

func selectorProps() props {
	return object(map[string]props{
		"matchLabels": {Type: "object", AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{Allows: true, Schema: &props{Type: "string"}}},
		"matchExpressions": list(object(map[string]props{
			"key":      {Type: "string"},
			"operator": {Type: "string", Enum: enum("In", "NotIn", "Exists", "DoesNotExist")},
			"values":   list(props{Type: "string"}),
		})),
	})
}

func object(properties map[string]props) props { return props{Type: "object", Properties: properties} }

func list(items props) props {
	return props{Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &items}}
}

func anything() props {
	yes := true
	return props{XPreserveUnknownFields: &yes}
}

func enum(values ...string) []apiextensionsv1.JSON {
	out := make([]apiextensionsv1.JSON, 0, len(values))
	for _, v := range values {
		out = append(out, apiextensionsv1.JSON{Raw: []byte(`"` + v + `"`)})
	}
	return out
}
