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
func (m *machine) conflict(at *ast.Location, message string) signal {
	return m.fail(&topdown.Error{Code: topdown.ConflictErr, Message: message, Location: at})
}

// halted reports whether somebody stopped the evaluation, and ends it then.
func (m *machine) halted() bool {
	if m.stop != nil && m.stop.Cancelled() {
		m.fail(&topdown.Error{Code: topdown.CancelErr, Message: "caller cancelled query execution"})
	}
	return m.err != nil
}

// at is where a statement stands in its source.
func (l *linker) at(where *ir.Location) *ast.Location {
	file := ""
	if files := l.policy.Static.Files; where.File >= 0 && where.File < len(files) {
		file = files[where.File].Value
	}
	return ast.NewLocation(nil, file, where.Row, where.Col)
}

func number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }
