package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Explanation is what one policy concluded about a review, and where in its Rego.
type Explanation struct {
	Rule        string               `json:"rule"`
	Title       string               `json:"title"`
	Enforcement v1alpha1.Enforcement `json:"enforcement"`
	// Said is what it found and demands; Stopped, where it has nothing to say, are the
	// lines beyond which its bodies did not come.
	Said    []Said `json:"said,omitempty"`
	Stopped []Line `json:"stopped,omitempty"`
	// Err says why it has no result.
	Err string `json:"error,omitempty"`
}

// Said is one result with the line of the rule body that it comes from.
type Said struct {
	// Output is deny, warn or demand.
	Output string `json:"output"`
	Text   string `json:"text"`
	Line
}

// Line is a place in a policy's Rego.
type Line struct {
	File string `json:"file"`
	Line int    `json:"line"`
	// Code is the line's text, of an expression that was not true.
	Code string `json:"code,omitempty"`
}

// Explain asks every policy that judges the review in input by itself, without rule
// indexing, so that it tells of the bodies too that an index would have left out.
func (p *Program) Explain(ctx context.Context, input ast.Value, data Snapshot) ([]Explanation, error) {
	fitting, err := p.fitting(input)
	if err != nil {
		return nil, err
	}
	out := make([]Explanation, 0, len(fitting))
	for _, x := range fitting {
		out = append(out, p.explain(ctx, x, input, data))
	}
	err = p.eachConstraint(input, data, func(one constraint, a *asking) {
		e := Explanation{Rule: one.Rule, Title: one.Template.Title, Enforcement: one.enforcement}
		follow := newFollower(entryOf(one.Template.Code().Question))
		document, _, err := a.traced(ctx, follow)
		e.conclude(document, err, follow)
		out = append(out, e)
	})
	return out, err
}

// entryOf is the package that a question asks.
func entryOf(question ast.Body) ast.Ref {
	prefix := ast.Ref{ast.DefaultRootDocument}
	ast.WalkRefs(question, func(ref ast.Ref) bool {
		if ref[0].Equal(ast.DefaultRootDocument) && len(ref) > 2 {
			prefix = ref[:len(ref)-1]
		}
		return false
	})
	return prefix
}

func (p *Program) explain(ctx context.Context, x *policy, input ast.Value, data Snapshot) Explanation {
	e := Explanation{Rule: x.rule, Title: x.meta.title, Enforcement: x.enforcement}
	follow := newFollower(packageOf(x.rule))
	document, _, err := p.traced(ctx, x, input, data, follow, outDeny, outWarn, outDemand)
	e.conclude(document, err, follow)
	return e
}

// conclude takes over what an evaluation gave.
func (e *Explanation) conclude(document ast.Value, err error, follow *follower) {
	var result Result
	if err == nil && document != nil {
		result, err = Decode(document)
	}
	if err != nil {
		e.Err = err.Error()
		return
	}
	for _, list := range []struct {
		output string
		found  []Finding
	}{{outDeny, result.Denials}, {outWarn, result.Warnings}, {"audit", result.Audited}} {
		for _, f := range list.found {
			e.Said = append(e.Said, Said{Output: list.output, Text: f.Msg, Line: follow.line(f.Msg)})
		}
	}
	for _, d := range result.Demands {
		e.Said = append(e.Said, Said{Output: outDemand, Text: fmt.Sprintf("%s of %s", d.Amount.String(), d.Dimension), Line: follow.line(d.Dimension)})
	}
	if len(e.Said) == 0 {
		e.Stopped = follow.stopped()
	}
}

// follower notes, of the rules of one policy, what each body gave and how far it came.
type follower struct {
	prefix ast.Ref
	// bodies are the evaluations under way, by query.
	bodies map[uint64]*body
	order  []*body
}

// body is one rule's body, over all its evaluations.
type body struct {
	rule *ast.Rule
	// gave are the messages or keys that it gave.
	gave map[string]bool
	// failed is the furthest expression that was not true.
	failed *ast.Expr
}

func newFollower(prefix ast.Ref) *follower {
	return &follower{prefix: prefix, bodies: map[uint64]*body{}}
}

// Enabled is for OPA.
func (f *follower) Enabled() bool { return true }

// Config is for OPA.
func (f *follower) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent is for OPA.
func (f *follower) TraceEvent(e topdown.Event) {
	switch node := e.Node.(type) {
	case *ast.Rule:
		switch e.Op {
		case topdown.EnterOp:
			f.enter(e.QueryID, node)
		case topdown.ExitOp:
			if b := f.bodies[e.QueryID]; b != nil && b.rule == node {
				b.give(&e)
			}
		}
	case *ast.Expr:
		if b := f.bodies[e.QueryID]; b != nil && e.Op == topdown.FailOp && (b.failed == nil || node.Index > b.failed.Index) {
			b.failed = node
		}
	}
}

func (f *follower) enter(query uint64, rule *ast.Rule) {
	if len(rule.Head.Args) > 0 || rule.Default || !rule.Ref().HasPrefix(f.prefix) {
		return
	}
	for _, b := range f.order {
		if b.rule == rule {
			f.bodies[query] = b
			return
		}
	}
	b := &body{rule: rule, gave: map[string]bool{}}
	f.bodies[query], f.order = b, append(f.order, b)
}

// give notes a set's element, its msg where it is an object, or an object's key.
func (b *body) give(e *topdown.Event) {
	head := b.rule.Head
	term := head.Key
	if head.RuleKind() != ast.MultiValue {
		if ref := head.Ref(); len(ref) > 1 {
			term = ref[len(ref)-1]
		} else {
			b.gave[""] = true
			return
		}
	}
	switch v := e.Plug(term).Value.(type) {
	case ast.String:
		b.gave[string(v)] = true
	case ast.Object:
		if msg := v.Get(ast.StringTerm("msg")); msg != nil {
			if s, ok := msg.Value.(ast.String); ok {
				b.gave[string(s)] = true
			}
		}
	}
	b.gave[""] = true
}

// line finds the body that a message comes from: where one rule passes on what another
// one found, the other's.
func (f *follower) line(text string) Line {
	var found *body
	for _, b := range f.order {
		if !b.gave[text] {
			continue
		}
		if found == nil || f.gives(found) && !f.gives(b) {
			found = b
		}
	}
	if found == nil {
		return Line{}
	}
	return lineOf(found.rule.Location, "")
}

// gives reports whether a body is that of an output, deny or a template's violation.
func (f *follower) gives(b *body) bool {
	name, _ := b.rule.Ref()[len(f.prefix)].Value.(ast.String)
	return isOutput(string(name)) || name == "violation"
}

// stopped lists where each body of an output stopped, and of the rules beside it that
// only hand on messages.
func (f *follower) stopped() []Line {
	var out []Line
	for _, b := range f.order {
		if b.failed != nil && !b.gave[""] && f.gives(b) {
			out = append(out, lineOf(b.failed.Location, firstLine(string(b.failed.Location.Text))))
		}
	}
	return out
}

func lineOf(l *ast.Location, code string) Line {
	if l == nil {
		return Line{}
	}
	return Line{File: l.File, Line: l.Row, Code: code}
}

func firstLine(text string) string {
	line, _, more := strings.Cut(strings.TrimSpace(text), "\n")
	if more {
		line += " ..."
	}
	return line
}
