package gate

import (
	"maps"
	"strings"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// shape are the keys of an object that each review has, made once.
type shape []*ast.Term

var (
	inputShape     = shapeOf("request caller passport tenant organization tier limits models usage namespace expansion now")
	expansionShape = shapeOf("pods oldPods")
	requestShape   = shapeOf("uid kind resource subResource name namespace operation userInfo object oldObject options dryRun")
	subjectShape   = shapeOf("username uid groups extra")
	callerShape    = shapeOf("class role relation actor author tenant")
	passportShape  = shapeOf("user_id email groups permissions role organization tier namespace audience correlation_id key_id issued_at")
	podShape       = shapeOf("path metadata spec requests")
	kinds          = named{shape: shapeOf("group version kind")}
	resources      = named{shape: shapeOf("group version resource")}
)

// mostNamed is how many are kept.
const mostNamed = 1024

func shapeOf(names string) shape {
	var s shape
	for name := range strings.FieldsSeq(names) {
		s = append(s, engine.Key(name))
	}
	return s
}

// of builds an object with a value for each key; nil is null.
func (s shape) of(values ...ast.Value) ast.Value {
	var room [16][2]*ast.Term // none of ours has more
	members := room[:0]
	terms := make([]ast.Term, len(s)) // all in one piece
	for i, value := range values {
		if value == nil {
			value = ast.Null{}
		}
		terms[i].Value = value
		members = append(members, [2]*ast.Term{s[i], &terms[i]})
	}
	return ast.NewObject(members...)
}

// named are objects of a group, a version and a name, made once for each: a cluster has few kinds.
// Who made up more than it keeps would get them made anew.
type named struct {
	shape
	known atomic.Pointer[map[[3]string]ast.Value]
}

func (n *named) of(group, version, name string) ast.Value {
	key, known := [3]string{group, version, name}, n.known.Load()
	if known != nil {
		if v, ok := (*known)[key]; ok {
			return v
		}
	}
	for i := range key {
		key[i] = strings.Clone(key[i]) // they point into a review
	}
	v := n.shape.of(ast.String(key[0]), ast.String(key[1]), ast.String(key[2]))
	more := map[[3]string]ast.Value{}
	if known != nil {
		if len(*known) >= mostNamed {
			return v
		}
		more = maps.Clone(*known)
	}
	more[key] = v
	n.known.CompareAndSwap(known, &more) // where somebody else was quicker, the next one does it
	return v
}
