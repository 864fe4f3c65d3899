package policyset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// Set holds the Program in force. Its methods may be called at any time by anybody;
// reading the Program never waits for a compilation.
type Set struct {
	*inForce
	base engine.Options
}

// inForce is what changes of a Set.
type inForce struct {
	program atomic.Pointer[engine.Program]
	// reviewing has room for one.
	reviewing chan struct{}

	// mu is held while a candidate is compiled.
	mu       sync.Mutex
	policies []*v1alpha1.Policy
	accepted map[string]unit
	// constraints are Gatekeeper's, nil before any were given.
	constraints atomic.Pointer[gatekeeper.Set]
	// trying counts the evaluations of policies under review that never ended: they must
	// not make those in force unusable.
	trying *engine.Watchdog

	// told guards what others look at meanwhile.
	told    sync.Mutex
	origins map[string]unit
	state   State
	trouble map[string]string
	// unfit are the constraints and templates that are not in force, with the reason.
	unfit map[string]string
	// asked counts for the Programs before those retired, which may still be answering.
	asked   map[string]uint64
	retired []*engine.Program
}

// State says what is in force and what is not, and why.
type State struct {
	// Digest of the set in force.
	Digest string
	// Loaded are the units in force, name to version.
	Loaded map[string]string
	// Rejected are units that are not, or not in their newest version, with the reason.
	Rejected map[string]string
	// Failure says why the newest set as a whole is not in force; empty if it is.
	Failure string
}

// New compiles the base alone. Without it there is no set.
func New(ctx context.Context, base engine.Options) (*Set, error) {
	if base.Watchdog == nil {
		// One for all sets that will be in force: what is stuck outlives a swap.
		base.Watchdog = engine.NewWatchdog(base.MaxOrphans)
	}
	s := &Set{base: base, inForce: &inForce{
		reviewing: make(chan struct{}, 1), trying: engine.NewWatchdog(base.MaxOrphans), origins: map[string]unit{}, accepted: map[string]unit{},
		trouble: map[string]string{}, asked: map[string]uint64{},
	}}
	program, err := s.compile(ctx, nil)
	if err != nil {
		return nil, err
	}
	s.swap(program, nil, nil)
	return s, nil
}

// Program in force; never nil.
func (s *Set) Program() *engine.Program { return s.program.Load() }

// State as of now.
func (s *Set) State() State {
	s.told.Lock()
	defer s.told.Unlock()
	out := s.state
	out.Loaded, out.Rejected = maps.Clone(out.Loaded), map[string]string{}
	maps.Copy(out.Rejected, s.state.Rejected)
	maps.Copy(out.Rejected, s.trouble)
	maps.Copy(out.Rejected, s.unfit)
	return out
}

// Stuck is how many evaluations of this set, or of one that it followed, outlive their answer.
func (s *Set) Stuck() int64 { return s.base.Watchdog.Stuck() }

// Trouble says why the newest of an origin cannot even be looked at; empty: it can.
func (s *Set) Trouble(name, reason string) {
	s.told.Lock()
	defer s.told.Unlock()
	if reason == "" {
		delete(s.trouble, name)
		return
	}
	s.trouble[name] = reason
}

// Asked counts by policy how often it was asked, over all sets that were in force.
func (s *Set) Asked() map[string]uint64 {
	s.told.Lock()
	defer s.told.Unlock()
	total := maps.Clone(s.asked)
	for _, p := range append(slices.Clone(s.retired), s.Program()) {
		add(total, p.Asked())
	}
	return total
}

// Apply puts Policy objects in force in place of those given before. An object that is
// wrong keeps its last good version in force, or is left out if there is none, and State
// says why; the error joins what was wrong.
func (s *Set) Apply(ctx context.Context, policies []*v1alpha1.Policy) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policies = policies
	return s.rebuild(ctx)
}

// SetOrigin puts the rules of a directory or bundle in force in place of those of the
// same name given before; files of nil takes them away. Revision names the version. The
// error says why this origin is not in force.
func (s *Set) SetOrigin(ctx context.Context, o engine.Origin, revision string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told.Lock()
	if o.Files == nil {
		delete(s.origins, o.Name)
	} else {
		s.origins[o.Name] = unit{name: o.Name, version: revision, origin: &o}
	}
	s.told.Unlock()
	err := s.rebuild(ctx)
	state := s.State()
	if reason, bad := state.Rejected[o.Name]; bad {
		return errors.New(reason)
	}
	if state.Failure != "" {
		return err
	}
	return nil
}

// rebuild compiles everything wanted; what is at fault is replaced by its last good
// version, then left out.
func (s *Set) rebuild(ctx context.Context) error {
	rejected := map[string]string{}
	units := s.wanted(rejected)
	for {
		program, err := s.compile(ctx, units)
		if err == nil {
			s.swap(program, units, rejected)
			return rejection(rejected)
		}
		blamed := blame(err, units)
		if len(blamed) == 0 {
			s.told.Lock()
			s.state.Failure, s.state.Rejected = err.Error(), rejected
			s.told.Unlock()
			return err
		}
		for name, reason := range s.newest(blamed, units) {
			if _, again := rejected[name]; !again {
				rejected[name] = reason
			}
			good, ok := s.accepted[name]
			if ok && good.version != units[name].version {
				units[name] = good
			} else {
				delete(units, name)
			}
		}
	}
}

// newest are those at fault that are not in force as they are: what is new has to give way
// where it clashes with what was there, and takes nothing out with it.
func (s *Set) newest(blamed map[string]string, units map[string]unit) map[string]string {
	out := map[string]string{}
	for name, reason := range blamed {
		if good, ok := s.accepted[name]; !ok || good.version != units[name].version {
			out[name] = reason
		}
	}
	if len(out) == 0 {
		return blamed
	}
	return out
}

// wanted lists all units by name; those that cannot be read fall back at once.
func (s *Set) wanted(rejected map[string]string) map[string]unit {
	s.told.Lock()
	units := maps.Clone(s.origins)
	s.told.Unlock()
	for _, p := range s.policies {
		u, err := fromPolicy(p)
		if err != nil {
			rejected[p.Name] = err.Error()
			var ok bool
			if u, ok = s.accepted[p.Name]; !ok {
				continue
			}
		}
		units[p.Name] = u
	}
	return units
}

// compile makes a Program of the base and some units.
func (s *Set) compile(ctx context.Context, units map[string]unit) (*engine.Program, error) {
	o := s.base
	if constraints := s.constraints.Load(); constraints != nil {
		o.Constraints = constraints
	}
	o.More = slices.Clone(o.More)
	o.Parameters = maps.Clone(o.Parameters)
	if o.Parameters == nil {
		o.Parameters = map[string]map[string]any{}
	}
	o.Enforcement = maps.Clone(o.Enforcement)
	if o.Enforcement == nil {
		o.Enforcement = map[string]v1alpha1.Enforcement{}
	}
	o.Narrow, o.Exemptions, o.Delegable = map[string]engine.Match{}, map[string][]engine.Exemption{}, map[string]engine.Delegation{}
	for _, name := range slices.Sorted(maps.Keys(units)) {
		units[name].addTo(&o)
	}
	return engine.Compile(ctx, o)
}

// swap puts a Program in force: from one moment to the next, for whoever asks next.
func (s *Set) swap(program *engine.Program, units map[string]unit, rejected map[string]string) {
	loaded := make(map[string]string, len(units))
	for name, u := range units {
		loaded[name] = u.version
	}
	s.accepted = maps.Clone(units)
	s.told.Lock()
	defer s.told.Unlock()
	old := s.program.Load()
	if old == nil || old.Digest() != program.Digest() {
		s.program.Store(program)
		if old != nil {
			s.retired = append(s.retired, old)
		}
		if len(s.retired) > maxRetired {
			add(s.asked, s.retired[0].Asked())
			s.retired = slices.Delete(s.retired, 0, 1)
		}
	}
	s.state = State{Digest: program.Digest(), Loaded: loaded, Rejected: rejected}
}

// maxRetired is how many Programs are kept after they were replaced, so that what was
// under way is counted.
const maxRetired = 8

func add(total, more map[string]uint64) {
	for rule, n := range more {
		total[rule] += n
	}
}

// blame finds the units that a compilation failed on, each with its problems.
func blame(err error, units map[string]unit) map[string]string {
	var list *engine.CompileError
	if !errors.As(err, &list) {
		return nil
	}
	found := map[string][]string{}
	for _, problem := range list.Problems {
		for name, u := range units {
			if u.owns(problem.File) {
				found[name] = append(found[name], problem.String())
			}
		}
	}
	out := make(map[string]string, len(found))
	for name, problems := range found {
		out[name] = strings.Join(problems, "; ")
	}
	return out
}

func rejection(rejected map[string]string) error {
	var all []error
	for _, name := range slices.Sorted(maps.Keys(rejected)) {
		all = append(all, fmt.Errorf("policy %s: %s", name, rejected[name]))
	}
	return errors.Join(all...)
}
