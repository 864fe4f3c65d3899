package facts

import (
	"encoding/json"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// modelFacts are the parts of input.models that are the same for everybody.
type modelFacts struct{ aliases, known ast.Value }

func modelFactsOf(models map[string]*v1alpha1.Model) modelFacts {
	aliases, known := ast.NewObject(), ast.NewObject()
	names := make([]string, 0, len(models))
	for name := range models {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		spec := models[name].Spec
		known.Insert(ast.StringTerm(name), ast.NewTerm(object(
			"provider", ast.String(spec.Provider), "retired", ast.Boolean(spec.Retired))))
		for _, alias := range spec.Aliases {
			// Two models with one alias: the first name, so that every replica agrees.
			if aliases.Get(ast.StringTerm(alias)) == nil {
				aliases.Insert(ast.StringTerm(alias), ast.StringTerm(name))
			}
		}
	}
	return modelFacts{aliases: aliases, known: known}
}

func (h *Home) standing(groups []string) *Standing {
	e := tenant.Resolve(h.Facts, groups)
	s := &Standing{
		Effective:    e,
		Tenant:       ast.Null{},
		Organization: ast.Null{},
		Tier:         ast.Null{},
		Limits:       limitsValue(e.Limits),
		Models:       object("effective", stringsValue(e.Models), "aliases", h.models.aliases, "known", h.models.known),
		Namespace:    object("name", ast.String(h.Namespace.Name), "labels", mapValue(h.Namespace.Labels)),
	}
	if t := h.Facts.Tenant; t != nil {
		s.Tenant = object("name", ast.String(t.Name), "owner", ast.String(e.Owner), "organization", ast.String(e.Organization),
			"tier", ast.String(e.Tier), "suspended", ast.Boolean(e.Suspended), "namespace", ast.String(h.Namespace.Name))
	}
	if o := h.Facts.Organization; o != nil {
		s.Organization = object("name", ast.String(o.Name), "displayName", ast.String(o.Spec.DisplayName))
	}
	if t, ok := h.Facts.Tiers[e.Tier]; ok && e.Missing == "" {
		s.Tier = object("name", ast.String(t.Name), "rank", ast.Number(json.Number(itoa(int64(t.Spec.Rank)))),
			"imageRepositories", stringsValue(t.Spec.ImageRepositories))
	}
	return s
}

func limitsValue(limits map[string]tenant.Limit) ast.Value {
	out := ast.NewObject()
	for dimension, l := range limits {
		amount := ast.Value(ast.String(v1alpha1.Unlimited))
		if !l.Unlimited {
			amount = ast.Number(json.Number(l.Amount.AsDec().String()))
		}
		out.Insert(ast.StringTerm(dimension), ast.NewTerm(object("amount", amount, "window", ast.String(l.Window),
			"overLimit", ast.String(l.OverLimit), "source", ast.String(l.Source))))
	}
	return out
}
