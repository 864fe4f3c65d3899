package plan

// signal says how a call ended: 0 goes on, 1 ends the innermost block, which is what being
// undefined does.
type signal int

const (
	sigNext      signal = 0
	sigUndefined signal = 1
	// sigShadowed ends four blocks.
	sigShadowed signal = 4
	// sigError ends the evaluation.
	sigError signal = -1
)
