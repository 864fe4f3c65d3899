package live

import (
	"fmt"
	"sync"
	"time"
	"unique"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts"
)

// ownerStore holds the owners of one kind. It is filled by a reflector directly rather
// than through an informer, which would keep every object of every namespace with all of
// its metadata.
type ownerStore struct {
	wanted func(namespace string) bool
	now    func() time.Time

	mu    sync.RWMutex
	items map[ownerKey]ownerEntry
	// listed, and a watch that runs, together say that the items follow the API server.
	listed bool
	// watch is the number of the watch that runs, 0 while none does.
	watch, watches uint64
}

var _ toolscache.ReflectorStore = (*ownerStore)(nil)

type ownerKey struct {
	namespace unique.Handle[string]
	name      string
}

// ownerEntry shares the seals, of some hundred bytes, with every object of the same: a
// Deployment's ReplicaSets carry its own.
type ownerEntry struct {
	uid   string
	seals unique.Handle[facts.Seals]
	// former is what seals replaced, at the time replaced; nil for most.
	former *formerSeals
}

type formerSeals struct {
	seals    unique.Handle[facts.Seals]
	replaced time.Time
}

func newOwnerStore(wanted func(string) bool, now func() time.Time) *ownerStore {
	return &ownerStore{wanted: wanted, now: now, items: map[ownerKey]ownerEntry{}}
}

func (s *ownerStore) get(namespace, name string) (facts.CachedOwner, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.listed || s.watch == 0 {
		return facts.CachedOwner{}, false
	}
	e, ok := s.items[ownerKey{unique.Make(namespace), name}]
	if !ok {
		return facts.CachedOwner{}, false
	}
	owner := facts.CachedOwner{UID: e.uid, Seals: e.seals.Value()}
	if e.former != nil && s.now().Sub(e.former.replaced) < formerFor {
		former := e.former.seals.Value()
		owner.Former = &former
	}
	return owner, true
}

func (s *ownerStore) len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.items)
}

// Add implements the reflector's store.
func (s *ownerStore) Add(obj any) error { return s.Update(obj) }

// Update implements the reflector's store.
func (s *ownerStore) Update(obj any) error {
	m, err := partial(obj)
	if err != nil || !s.wanted(m.Namespace) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := keyOf(m)
	s.items[key] = s.entry(m, s.items[key])
	return nil
}

// Delete implements the reflector's store.
func (s *ownerStore) Delete(obj any) error {
	m, err := partial(obj)
	if err != nil || !s.wanted(m.Namespace) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.items, keyOf(m))
	return nil
}

// Replace implements the reflector's store: a whole list.
func (s *ownerStore) Replace(list []any, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := make(map[ownerKey]ownerEntry, len(s.items))
	for _, obj := range list {
		m, err := partial(obj)
		if err != nil {
			return err
		}
		if s.wanted(m.Namespace) {
			key := keyOf(m)
			items[key] = s.entry(m, s.items[key])
		}
	}
	s.items, s.listed = items, true
	return nil
}

// Resync implements the reflector's store; there is nothing to repeat.
func (s *ownerStore) Resync() error { return nil }

// entry makes what is kept of an object that was known as old, or not at all.
func (s *ownerStore) entry(m *metav1.PartialObjectMetadata, old ownerEntry) ownerEntry {
	e := ownerEntry{uid: string(m.UID), seals: unique.Make(facts.Seals{
		Passport: m.Annotations[v1alpha1.AnnotationPassport], Correlation: m.Annotations[v1alpha1.AnnotationCorrelation],
	})}
	switch {
	case old.uid != e.uid:
	case old.seals != e.seals:
		e.former = &formerSeals{old.seals, s.now()}
	case old.former != nil && s.now().Sub(old.former.replaced) < formerFor:
		e.former = old.former
	}
	return e
}

// relisting is told that the items do not follow the API server until the next Replace.
func (s *ownerStore) relisting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = false
}

// follows is told that a watch runs, and ended that it does no more. A watch's end may be
// seen only after the next one has begun.
func (s *ownerStore) follows() (ended func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watches++
	this := s.watches
	s.watch = this
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.watch == this {
			s.watch = 0
		}
	}
}

func keyOf(m *metav1.PartialObjectMetadata) ownerKey {
	return ownerKey{unique.Make(m.Namespace), m.Name}
}

func partial(obj any) (*metav1.PartialObjectMetadata, error) {
	m, ok := obj.(*metav1.PartialObjectMetadata)
	if !ok {
		return nil, fmt.Errorf("an owner's metadata cannot be a %T", obj)
	}
	return m, nil
}
