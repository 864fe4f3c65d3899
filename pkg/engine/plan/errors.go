package plan

import (
	"encoding/json"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// fail ends the evaluation.
func (m *machine) fail(err error) signal {
	if m.err == nil {
		m.err = err
	}
	return sigError
}

// conflict is what two different values for one place are.
type conflict struct {
	at      *ast.Location
	message string
}

func (m *machine) conflict(c conflict) signal {
	return m.fail(&topdown.Error{Code: topdown.ConflictErr, Message: c.message, Location: c.at})
}

// halted reports whether somebody stopped the evaluation, and ends it then.
func (m *machine) halted() bool {
	if m.stop != nil && m.stop.Cancelled() {
		m.fail(&topdown.Error{Code: topdown.CancelErr, Message: "caller cancelled query execution"})
	}
	return m.err != nil
}

// where is where a statement stands in its source.
func (l *linker) where(at *ir.Location) *ast.Location {
	file := ""
	if files := l.policy.Static.Files; at.File >= 0 && at.File < len(files) {
		file = files[at.File].Value
	}
	return ast.NewLocation(nil, file, at.Row, at.Col)
}

func number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }
