package gate

import (
	"math"

	"github.com/open-policy-agent/opa/v1/ast"
)

// scalesUp reports whether an UPDATE asks for more replicas than before; figures that
// cannot be read count as more.
func (w *write) scalesUp() bool {
	return replicas(w.object, math.Inf(1)) > replicas(w.old, 0)
}

// replicas reads spec.replicas; absent means one, as everywhere in Kubernetes, and what
// is no number reads as unreadable.
func replicas(o object, unreadable float64) float64 {
	v := o.at("spec", "replicas")
	if v == nil {
		return 1
	}
	n, ok := v.(ast.Number)
	if !ok {
		return unreadable
	}
	f, ok := n.Float64()
	if !ok {
		return unreadable
	}
	return f
}
