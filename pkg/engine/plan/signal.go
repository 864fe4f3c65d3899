package plan

// signal says how a statement ended: 0 goes on, 1 ends the innermost block (which is what
// being undefined does), n ends n blocks.
type signal int

const (
	sigNext      signal = 0
	sigUndefined signal = 1
	// sigReturn leaves the function with what m.returned holds, sigError the evaluation.
	sigReturn signal = -1
	sigError  signal = -2
)

// step is one compiled statement.
type step func(f *frame) signal

// block is a sequence of statements.
type block []step

// run runs the statements until one does not go on.
func (b block) run(f *frame) signal {
	for _, s := range b {
		if sig := s(f); sig != sigNext {
			return sig
		}
	}
	return sigNext
}

// out is what a signal is one block further out.
func (s signal) out() signal {
	if s > 0 {
		return s - 1
	}
	return s
}
