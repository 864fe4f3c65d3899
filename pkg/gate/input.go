package gate

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/review"
)

// input builds the policies' input, gatehouse.dev/v1. The decoded objects are shared,
// not copied. What is costly to make and no policy reads is null, unless somebody keeps the input
// for other policies.
func (g *Gate) input(w *write, s *standing) ast.Value {
	f := s.facts
	if f == nil {
		f = nobody
	}
	return inputShape.of(
		g.requestValue(w),
		callerValue(w, s),
		g.ifRead(w, func() ast.Value { return passportValue(w, s) }, "passport"),
		f.Tenant,
		f.Organization,
		f.Tier,
		f.Limits,
		f.Models,
		ast.InternedEmptyObjectValue,
		f.Namespace,
		expansionShape.of(g.expand(w, w.object), g.expand(w, w.old)),
		ast.String(w.now.UTC().Format(time.RFC3339Nano)),
	)
}

// nobody is what is in force where there is no tenant.
var nobody = &facts.Standing{
	Tenant: ast.Null{}, Organization: ast.Null{}, Tier: ast.Null{}, Namespace: ast.Null{},
	Limits: ast.InternedEmptyObjectValue, Models: ast.InternedEmptyObjectValue,
}

// ifRead makes a value only if it is read.
func (g *Gate) ifRead(w *write, value func() ast.Value, field string, part ...string) ast.Value {
	if g.Asked == nil && !w.program.Reads(field, part...) {
		return ast.Null{}
	}
	return value()
}

func optionsValue(raw []byte) ast.Value {
	options, err := decode(raw)
	if err != nil {
		return ast.Null{}
	}
	return options.ast()
}

func (g *Gate) requestValue(w *write) ast.Value {
	r := w.Request
	return requestShape.of(
		ast.String(r.UID),
		kinds.of(r.Kind.Group, r.Kind.Version, r.Kind.Kind),
		resources.of(r.Resource.Group, r.Resource.Version, r.Resource.Resource),
		ast.String(r.SubResource),
		ast.String(w.name()),
		ast.String(r.Namespace),
		ast.String(r.Operation),
		g.ifRead(w, func() ast.Value { return subjectValue(r.Subject) }, "request", "userInfo"),
		w.object.ast(),
		w.old.ast(),
		g.ifRead(w, func() ast.Value { return optionsValue(r.Options) }, "request", "options"),
		ast.Boolean(r.DryRun),
	)
}

func subjectValue(s review.Subject) ast.Value {
	extra := ast.NewObject()
	for key, values := range s.Extra {
		extra.Insert(ast.StringTerm(key), ast.NewTerm(list(values)))
	}
	return subjectShape.of(ast.String(s.Username), ast.String(s.UID), list(s.Groups), extra)
}

func callerValue(w *write, s *standing) ast.Value {
	return callerShape.of(
		ast.String(w.caller.Class),
		ast.String(s.role),
		ast.String(s.relation),
		ast.String(w.caller.Username),
		ast.String(s.author),
		ast.String(s.authorTenant),
	)
}

// passportValue is the passport that the write is judged under: the proved one, or for
// a person's write that mints none, what it would say.
func passportValue(w *write, s *standing) ast.Value {
	p := s.passport
	if p == nil {
		if s.author == "" || s.facts == nil {
			return ast.Null{}
		}
		e := s.facts.Effective
		p = &passport.UserPassport{UserID: s.author, Email: s.email, Permissions: []string{s.role}, Role: s.role,
			Organization: e.Organization, Tier: e.Tier, Namespace: w.Namespace, Audience: passport.AudienceAdmission}
	}
	return passportShape.of(
		ast.String(p.UserID), ast.String(p.Email), list(p.Groups),
		list(p.Permissions), ast.String(p.Role), ast.String(p.Organization),
		ast.String(p.Tier), ast.String(p.Namespace), ast.String(p.Audience),
		ast.String(p.CorrelationID), ast.String(p.KeyID),
		ast.Number(json.Number(strconv.FormatInt(p.IssuedAt, 10))),
	)
}

func list(values []string) ast.Value {
	if len(values) == 0 {
		return ast.InternedEmptyArrayValue
	}
	terms := make([]*ast.Term, 0, len(values))
	for _, v := range values {
		terms = append(terms, ast.StringTerm(v))
	}
	return ast.NewArray(terms...)
}
