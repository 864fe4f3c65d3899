package engine

import "github.com/open-policy-agent/opa/v1/ast"

// reads are the fields of the input, and of these fields, that modules mention.
type reads struct {
	// all is where the input is used as one value, or under a key that is computed.
	all bool
	// fields are mentioned at all, whole without a field of theirs, parts are the fields of fields.
	fields, whole map[string]bool
	parts         map[[2]string]bool
}

// Reads reports whether a policy may look at a field of the input or, with a second name, at a field
// of that one. What none looks at need not be made: most policies ask what an object is, few who
// exactly wrote it.
func (p *Program) Reads(field string, part ...string) bool {
	if p.reads.all || p.constraints != nil && len(p.constraints.list) > 0 {
		return true
	}
	if len(part) == 0 {
		return p.reads.fields[field]
	}
	return p.reads.whole[field] || p.reads.parts[[2]string{field, part[0]}]
}

// readsOf looks through compiled modules: the compiler has moved what a head computes into its body,
// and resolved what an import names.
func readsOf(modules map[string]*ast.Module) reads {
	r := reads{fields: map[string]bool{}, whole: map[string]bool{}, parts: map[[2]string]bool{}}
	for _, m := range modules {
		for _, rule := range m.Rules {
			r.visit(rule)
		}
	}
	return r
}

func (r *reads) visit(node any) {
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case ast.Ref:
			if len(x) > 0 && x[0].Value.Compare(ast.InputRootDocument.Value) == 0 {
				r.take(x)
			} else if len(x) > 0 {
				r.visit(x[0])
			}
			for _, t := range x[min(1, len(x)):] {
				r.visit(t)
			}
			return true
		case ast.Var:
			r.all = r.all || x.Compare(ast.InputRootDocument.Value) == 0
		}
		return false
	}).Walk(node)
}

// take notes what a reference that begins with input mentions.
func (r *reads) take(ref ast.Ref) {
	field, known := nameAt(ref, 1)
	if !known {
		r.all = true
		return
	}
	r.fields[field] = true
	if part, known := nameAt(ref, 2); known {
		r.parts[[2]string{field, part}] = true
	} else {
		r.whole[field] = true
	}
}

func nameAt(ref ast.Ref, i int) (string, bool) {
	if i >= len(ref) {
		return "", false
	}
	name, ok := ref[i].Value.(ast.String)
	return string(name), ok
}
