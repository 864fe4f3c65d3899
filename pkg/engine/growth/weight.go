package growth

// weight is how many places a value has when it is written out, of which slope are a
// function's argument, whatever that weighs itself.
type weight struct{ base, slope float64 }

// one is anything whole: what was read, computed or written out before.
var one = weight{base: 1}

func (w weight) plus(o weight) weight { return weight{w.base + o.base, w.slope + o.slope} }

func (w weight) or(o weight) weight { return weight{max(w.base, o.base), max(w.slope, o.slope)} }

func (w weight) times(n float64) weight { return weight{w.base * n, w.slope * n} }

func (w weight) all() float64 { return w.base + w.slope }

// given is the weight of a function's value for what it is given, when what it reads of input
// and data is under that heavy.
func (w weight) given(argument, under weight) weight {
	return under.times(w.base).plus(argument.times(w.slope))
}

// weighed is what a rule makes: its value, and the heaviest of all that is made on the way to
// it, in what it calls and reads too.
type weighed struct{ value, peak weight }

func (w weighed) or(o weighed) weighed { return weighed{w.value.or(o.value), w.peak.or(o.peak)} }

func (w weighed) given(argument, under weight) weighed {
	return weighed{w.value.given(argument, under), w.peak.given(argument, under)}
}
