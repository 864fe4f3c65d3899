package gatekeeper

import "errors"

// ErrUnknownTemplate says that a constraint's template is not known, or not yet.
var ErrUnknownTemplate = errors.New("there is no template of this kind, or it is not known here yet")

// Keep makes a set of what is good among docs. Of what is not, the last good version of
// previous stays, or nothing if there is none; the map says why, by <kind>/<name>.
func Keep(docs []Document, previous *Set) (*Set, map[string]string) {
	if previous == nil {
		previous = &Set{}
	}
	k := keeper{previous: previous, set: &Set{templates: map[string]*Template{}}, rejected: map[string]string{}, known: map[string]*Template{}}
	for _, t := range previous.templates {
		k.known[t.digest] = t
	}
	for _, doc := range docs {
		if doc.IsTemplate() {
			k.template(doc)
		}
	}
	for _, doc := range docs {
		if doc.IsConstraint() {
			k.constraint(doc)
		}
	}
	return k.set.finish(), k.rejected
}

type keeper struct {
	previous, set *Set
	rejected      map[string]string
	known         map[string]*Template
}

func (k *keeper) template(doc Document) {
	t, err := newTemplate(doc, k.known)
	if err != nil {
		k.rejected[doc.describe()] = err.Error()
		for _, old := range k.previous.templates {
			if old.Name() == doc.text("metadata", "name") {
				t = old
			}
		}
	}
	if t != nil {
		k.set.templates[t.Kind] = t
	}
}

func (k *keeper) constraint(doc Document) {
	t := k.set.templates[doc.text("kind")]
	if t == nil {
		k.rejected[doc.describe()] = ErrUnknownTemplate.Error()
		return
	}
	c, err := t.NewConstraint(doc)
	if err != nil {
		k.rejected[doc.describe()] = err.Error()
		c = k.lastGood(t, doc)
	}
	if c != nil {
		k.set.constraints = append(k.set.constraints, c)
	}
}

// lastGood checks the version before against the template of now.
func (k *keeper) lastGood(t *Template, doc Document) *Constraint {
	for _, old := range k.previous.constraints {
		if old.Rule != t.Name()+"/"+doc.text("metadata", "name") {
			continue
		}
		if c, err := t.NewConstraint(old.doc); err == nil {
			return c
		}
	}
	return nil
}

// With gives what a set would be made of with one document in place of that of the same
// kind and name, or beside the others.
func (s *Set) With(doc Document) []Document {
	docs := []Document{doc}
	for _, other := range s.Documents() {
		if other.describe() != doc.describe() {
			docs = append(docs, other)
		}
	}
	return docs
}
