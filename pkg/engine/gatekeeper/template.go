package gatekeeper

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kjson "sigs.k8s.io/json"
)

// The names of the format.
const (
	TemplateGroup   = "templates.gatekeeper.sh"
	TemplateKind    = "ConstraintTemplate"
	ConstraintGroup = "constraints.gatekeeper.sh"
	// Target is the only one there is: admission of Kubernetes objects.
	Target = "admission.k8s.gatekeeper.sh"

	// LabelConstraint marks the kinds that templates make; its value is yes.
	LabelConstraint = "gatekeeper.sh/constraint"

	engineRego = "Rego"
	engineCEL  = "K8sNativeValidation"
)

// The bounds of a template.
const (
	maxText = 256 << 10
	maxLibs = 64
)

// Template is a ConstraintTemplate, compiled.
type Template struct {
	// Kind of its constraints; the template's name is the same in lower case.
	Kind string
	// Operations that its constraints look at, as the template lists them; none means
	// the default.
	Operations []string
	// Title and Description are what its annotations say.
	Title, Description string

	doc    Document
	source source
	code   *Code
	schema *constraintSchema
	digest string
}

// Name is the template's own.
func (t *Template) Name() string { return strings.ToLower(t.Kind) }

// Code is what was compiled of its Rego.
func (t *Template) Code() *Code { return t.code }

// source is a template's Rego before it is compiled.
type source struct {
	rego string
	v1   bool
	libs []string
	// field is where rego stands, and libsField where libs do.
	field, libsField string
}

// templateObject is a ConstraintTemplate in any of its versions.
type templateObject struct {
	Metadata struct {
		Name        string            `json:"name"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		CRD struct {
			Spec struct {
				Names struct {
					Kind       string   `json:"kind"`
					ShortNames []string `json:"shortNames"`
				} `json:"names"`
				Validation *templateValidation `json:"validation"`
			} `json:"spec"`
		} `json:"crd"`
		Targets []templateTarget `json:"targets"`
	} `json:"spec"`
}

type templateValidation struct {
	OpenAPIV3Schema *apiextensionsv1.JSONSchemaProps `json:"openAPIV3Schema"`
	LegacySchema    *bool                            `json:"legacySchema"`
}

type templateTarget struct {
	Target     string         `json:"target"`
	Operations []string       `json:"operations"`
	Rego       string         `json:"rego"`
	Libs       []string       `json:"libs"`
	Code       []templateCode `json:"code"`
}

type templateCode struct {
	Engine string          `json:"engine"`
	Source json.RawMessage `json:"source"`
}

type regoSource struct {
	Rego    string   `json:"rego"`
	Version string   `json:"version"`
	Libs    []string `json:"libs"`
}

// IsTemplate reports whether a document is a ConstraintTemplate.
func (d Document) IsTemplate() bool {
	return d.version().Group == TemplateGroup && d.text("kind") == TemplateKind
}

// NewTemplate reads and compiles a ConstraintTemplate of any version. Errors are
// Problems.
func NewTemplate(doc Document) (*Template, error) { return newTemplate(doc, nil) }

// newTemplate takes over what was compiled of an equal template.
func newTemplate(doc Document, known map[string]*Template) (*Template, error) {
	if !doc.IsTemplate() {
		return nil, Problems{doc.at("", "not a %s of group %s", TemplateKind, TemplateGroup)}
	}
	version := doc.version().Version
	if !slices.Contains([]string{"v1", "v1beta1", "v1alpha1"}, version) {
		return nil, Problems{doc.at("apiVersion", "version %q is none of v1, v1beta1, v1alpha1", version)}
	}
	raw, err := json.Marshal(doc.Object)
	if err != nil {
		return nil, Problems{doc.at("", "%v", err)}
	}
	var object templateObject
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &object); err != nil {
		return nil, Problems{doc.at("", "%v", err)}
	}
	t := &Template{Kind: object.Spec.CRD.Spec.Names.Kind, doc: doc}
	t.Title = object.Metadata.Annotations["metadata.gatekeeper.sh/title"]
	t.Description = strings.TrimSpace(object.Metadata.Annotations["description"])
	bad := t.readNames(object.Metadata.Name)
	bad = append(bad, t.readTarget(object.Spec.Targets)...)
	if len(bad) > 0 {
		return nil, bad
	}
	t.digest = digestOf(object.Spec, version)
	if same := known[t.digest]; same != nil {
		t.code, t.schema = same.code, same.schema
		return t, nil
	}
	validation := object.Spec.CRD.Spec.Validation
	if t.schema, err = newSchema(t.Kind, object.Spec.CRD.Spec.Names.ShortNames, validation, version != "v1"); err != nil {
		bad = append(bad, doc.at("spec.crd.spec.validation.openAPIV3Schema", "%v", err))
	}
	code, more := compile(doc, t.source)
	t.code = code
	if bad = append(bad, more...); len(bad) > 0 {
		return nil, bad
	}
	return t, nil
}

func (t *Template) readNames(name string) Problems {
	switch {
	case t.Kind == "":
		return Problems{t.doc.at("spec.crd.spec.names.kind", "is missing")}
	case name != t.Name():
		return Problems{t.doc.at("metadata.name", "is %q: the kind %s demands %q", name, t.Kind, t.Name())}
	}
	return nil
}

// readTarget takes the one target and the Rego in it.
func (t *Template) readTarget(targets []templateTarget) Problems {
	switch {
	case len(targets) == 0:
		return Problems{t.doc.at("spec.targets", "is missing: want one, %s", Target)}
	case len(targets) > 1:
		return Problems{t.doc.at("spec.targets", "has %d targets: a template has one, %s", len(targets), Target)}
	case targets[0].Target != Target:
		return Problems{t.doc.at("spec.targets[0].target", "is %q: only %s is known", targets[0].Target, Target)}
	}
	target := targets[0]
	for i, operation := range target.Operations {
		if !slices.Contains([]string{"CREATE", "UPDATE", "DELETE", "CONNECT", wildcard}, operation) {
			return Problems{t.doc.at(fmt.Sprintf("spec.targets[0].operations[%d]", i), "%q is none of CREATE, UPDATE, DELETE, CONNECT, *", operation)}
		}
	}
	t.Operations = target.Operations
	if target.Rego != "" {
		// The field of old: it goes before a Rego among the code.
		t.source = source{rego: target.Rego, libs: target.Libs, field: "spec.targets[0].rego", libsField: "spec.targets[0].libs"}
		return t.checkSize()
	}
	return t.readCode(target.Code)
}

func (t *Template) readCode(code []templateCode) Problems {
	for i, c := range code {
		if c.Engine != engineRego {
			continue
		}
		at := fmt.Sprintf("spec.targets[0].code[%d].source", i)
		var s regoSource
		if err := kjson.UnmarshalCaseSensitivePreserveInts(c.Source, &s); err != nil {
			return Problems{t.doc.at(at, "%v", err)}
		}
		if s.Rego == "" {
			return Problems{t.doc.at(at+".rego", "is missing")}
		}
		if !slices.Contains([]string{"", "v0", "v1"}, s.Version) {
			return Problems{t.doc.at(at+".version", "%q is none of v0, v1", s.Version)}
		}
		t.source = source{rego: s.Rego, v1: s.Version == "v1", libs: s.Libs, field: at + ".rego", libsField: at + ".libs"}
		return t.checkSize()
	}
	for _, c := range code {
		if c.Engine == engineCEL {
			return Problems{t.doc.at("spec.targets[0].code", "has CEL (%s) and no Rego: only Rego is evaluated here", engineCEL)}
		}
	}
	return Problems{t.doc.at("spec.targets[0]", "has no Rego: want rego, or code of engine %s", engineRego)}
}

func (t *Template) checkSize() Problems {
	if len(t.source.libs) > maxLibs {
		return Problems{t.doc.at(t.source.libsField, "%d libraries, at most %d", len(t.source.libs), maxLibs)}
	}
	for _, text := range append([]string{t.source.rego}, t.source.libs...) {
		if len(text) > maxText {
			return Problems{t.doc.at(t.source.field, "%d bytes of Rego, at most %d", len(text), maxText)}
		}
	}
	return nil
}
