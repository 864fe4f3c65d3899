package facts

import (
	"iter"

	iradix "github.com/hashicorp/go-immutable-radix/v2"
)

// table is what is known by name. It never changes: a change makes another that shares with it
// all that stayed, so that one among many thousands costs what one costs. The zero table is
// empty.
type table[T any] struct{ tree *iradix.Tree[T] }

func (t table[T]) get(name string) (value T, known bool) {
	if t.tree == nil {
		return value, false
	}
	return t.tree.Get([]byte(name))
}

func (t table[T]) len() int {
	if t.tree == nil {
		return 0
	}
	return t.tree.Len()
}

// all goes through them by name.
func (t table[T]) all() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		if t.tree == nil {
			return
		}
		t.tree.Root().Walk(func(name []byte, value T) (stop bool) { return !yield(string(name), value) })
	}
}

// edit is a table in the making: end it with done.
type edit[T any] struct{ txn *iradix.Txn[T] }

func (t table[T]) edit() edit[T] {
	if t.tree == nil {
		t.tree = iradix.New[T]()
	}
	return edit[T]{t.tree.Txn()}
}

func (e edit[T]) get(name string) (T, bool) { return e.txn.Get([]byte(name)) }
func (e edit[T]) set(name string, value T)  { e.txn.Insert([]byte(name), value) }
func (e edit[T]) drop(name string)          { e.txn.Delete([]byte(name)) }
func (e edit[T]) done() table[T]            { return table[T]{e.txn.CommitOnly()} }

// groups are names by what they belong to.
type groups struct{ of table[table[struct{}]] }

// names gives those that belong to it, sorted.
func (g groups) names(group string) iter.Seq[string] {
	members, _ := g.of.get(group)
	return func(yield func(string) bool) {
		for name := range members.all() {
			if !yield(name) {
				return
			}
		}
	}
}

// regrouping are groups in the making: end it with done.
type regrouping struct {
	of   edit[table[struct{}]]
	open map[string]edit[struct{}]
}

func (g groups) edit() regrouping { return regrouping{g.of.edit(), map[string]edit[struct{}]{}} }

// move takes a name out of one group and puts it into another; "" is none.
func (r regrouping) move(name, from, to string) {
	if from == to {
		return
	}
	if from != "" {
		r.members(from).drop(name)
	}
	if to != "" {
		r.members(to).set(name, struct{}{})
	}
}

func (r regrouping) members(of string) edit[struct{}] {
	e, open := r.open[of]
	if !open {
		members, _ := r.of.get(of)
		e = members.edit()
		r.open[of] = e
	}
	return e
}

func (r regrouping) done() groups {
	for name, e := range r.open {
		if members := e.done(); members.len() > 0 {
			r.of.set(name, members)
		} else {
			r.of.drop(name)
		}
	}
	return groups{r.of.done()}
}
