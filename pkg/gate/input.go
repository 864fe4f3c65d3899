package gate

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/engine"
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
	return dict(
		"request", g.requestValue(w),
		"caller", callerValue(w, s),
		"passport", g.ifRead(w, func() ast.Value { return passportValue(w, s) }, "passport"),
		"tenant", f.Tenant,
		"organization", f.Organization,
		"tier", f.Tier,
		"limits", f.Limits,
		"models", f.Models,
		"usage", ast.InternedEmptyObjectValue,
		"namespace", f.Namespace,
		"expansion", dict("pods", g.expand(w, w.object), "oldPods", g.expand(w, w.old)),
		"now", ast.String(w.now.UTC().Format(time.RFC3339Nano)),
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
	return dict(
		"uid", ast.String(r.UID),
		"kind", dict("group", ast.String(r.Kind.Group), "version", ast.String(r.Kind.Version), "kind", ast.String(r.Kind.Kind)),
		"resource", dict("group", ast.String(r.Resource.Group), "version", ast.String(r.Resource.Version), "resource", ast.String(r.Resource.Resource)),
		"subResource", ast.String(r.SubResource),
		"name", ast.String(w.name()),
		"namespace", ast.String(r.Namespace),
		"operation", ast.String(r.Operation),
		"userInfo", g.ifRead(w, func() ast.Value { return subjectValue(r.Subject) }, "request", "userInfo"),
		"object", w.object.ast(),
		"oldObject", w.old.ast(),
		"options", g.ifRead(w, func() ast.Value { return optionsValue(r.Options) }, "request", "options"),
		"dryRun", ast.Boolean(r.DryRun),
	)
}

func subjectValue(s review.Subject) ast.Value {
	extra := ast.NewObject()
	for key, values := range s.Extra {
		extra.Insert(ast.StringTerm(key), ast.NewTerm(list(values)))
	}
	return dict("username", ast.String(s.Username), "uid", ast.String(s.UID), "groups", list(s.Groups), "extra", extra)
}

func callerValue(w *write, s *standing) ast.Value {
	return dict(
		"class", ast.String(w.caller.Class),
		"role", ast.String(s.role),
		"relation", ast.String(s.relation),
		"actor", ast.String(w.caller.Username),
		"author", ast.String(s.author),
		"tenant", ast.String(s.authorTenant),
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
	return dict(
		"user_id", ast.String(p.UserID), "email", ast.String(p.Email), "groups", list(p.Groups),
		"permissions", list(p.Permissions), "role", ast.String(p.Role), "organization", ast.String(p.Organization),
		"tier", ast.String(p.Tier), "namespace", ast.String(p.Namespace), "audience", ast.String(p.Audience),
		"correlation_id", ast.String(p.CorrelationID), "key_id", ast.String(p.KeyID),
		"issued_at", ast.Number(json.Number(strconv.FormatInt(p.IssuedAt, 10))),
	)
}

// dict builds an object from alternating keys and values.
func dict(pairs ...any) ast.Value {
	var room [16][2]*ast.Term // none of ours has more
	members := room[:0]
	terms := make([]ast.Term, len(pairs)/2) // all in one piece
	for i := range terms {
		key, _ := pairs[2*i].(string)
		value, ok := pairs[2*i+1].(ast.Value)
		if !ok {
			value = ast.Null{}
		}
		terms[i].Value = value
		members = append(members, [2]*ast.Term{engine.Key(key), &terms[i]})
	}
	return ast.NewObject(members...)
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
