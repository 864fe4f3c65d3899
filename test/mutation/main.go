package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"testing/fstest"
	"time"

	"gatehouse.dev/gatehouse/policies"
)

// bar is the part of the broken rules that must be noticed, in percent.
const bar = 95.0

func main() {
	only := flag.String("rule", "", "break this rule or library alone, such as pods/images or lib/hosts")
	flag.Parse()
	if err := run(context.Background(), policies.FS, *only); err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

// score counts what became of a rule's mutants.
type score struct {
	noticed, survived, invalid int
	survivors                  []string
}

func (s score) percent() float64 {
	if s.noticed+s.survived == 0 {
		return 100
	}
	return 100 * float64(s.noticed) / float64(s.noticed+s.survived)
}

// unit is what is broken as a whole: a rule or a library.
type unit struct {
	name, file string
	// set holds the file and what its tests need.
	set   fstest.MapFS
	judge func(context.Context, fstest.MapFS) (outcome, string, error)
}

func units(fsys fs.FS) ([]unit, error) {
	names, err := rules(fsys)
	if err != nil {
		return nil, err
	}
	var out []unit
	for _, name := range names {
		set, err := subset(fsys, name)
		if err != nil {
			return nil, err
		}
		out = append(out, unit{name: name, file: name + "/rule.rego", set: set, judge: judge})
	}
	shared, err := libraries(fsys)
	return append(out, shared...), err
}

func run(ctx context.Context, fsys fs.FS, only string) error {
	all, err := units(fsys)
	if err != nil {
		return err
	}
	began := time.Now()
	var total score
	fmt.Printf("%-28s %8s %8s %8s %8s\n", "rule", "broken", "noticed", "survived", "score")
	for _, u := range all {
		if only != "" && u.name != only {
			continue
		}
		s, err := breakUnit(ctx, u)
		if err != nil {
			return err
		}
		fmt.Printf("%-28s %8d %8d %8d %7.1f%%\n", u.name, s.noticed+s.survived, s.noticed, s.survived, s.percent())
		for _, survivor := range s.survivors {
			fmt.Println("  nobody noticed: " + survivor)
		}
		total.noticed += s.noticed
		total.survived += s.survived
		total.invalid += s.invalid
	}
	fmt.Printf("%-28s %8d %8d %8d %7.1f%%\n", "all", total.noticed+total.survived, total.noticed, total.survived, total.percent())
	fmt.Printf("\n%d more breaks do not compile and are not counted; %.0f s\n", total.invalid, time.Since(began).Seconds())
	if total.noticed == 0 || total.percent() < bar {
		return fmt.Errorf("%.1f %% of the broken rules were noticed, want %.0f %%", total.percent(), bar)
	}
	return nil
}

// breakUnit breaks one rule or library in every way and asks its tests.
func breakUnit(ctx context.Context, u unit) (score, error) {
	var s score
	switch got, why, err := u.judge(ctx, u.set); {
	case err != nil:
		return s, fmt.Errorf("%s unbroken: %w", u.name, err)
	case got != survived:
		return s, fmt.Errorf("%s fails its tests unbroken: %s", u.name, why)
	}
	list, err := mutants(u.file, u.set[u.file].Data)
	if err != nil {
		return s, err
	}
	results := make([]outcome, len(list))
	errs := make([]error, len(list))
	var workers sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, m := range list {
		workers.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i], _, errs[i] = u.judge(ctx, with(u.set, u.file, m.source))
		})
	}
	workers.Wait()
	for i, m := range list {
		if errs[i] != nil {
			return s, fmt.Errorf("%s %s: %w", m.where, m.what, errs[i])
		}
		switch results[i] {
		case noticed:
			s.noticed++
		case invalid:
			s.invalid++
		default:
			s.survived++
			s.survivors = append(s.survivors, m.where+" "+m.what)
		}
	}
	return s, nil
}
