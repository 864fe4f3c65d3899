package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"time"

	"gatehouse.dev/gatehouse/policies"
)

// bar is the part of the broken rules that must be noticed, in percent.
const bar = 95.0

func main() {
	only := flag.String("rule", "", "break this rule alone, such as pods/images")
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

func run(ctx context.Context, fsys fs.FS, only string) error {
	all, err := rules(fsys)
	if err != nil {
		return err
	}
	began := time.Now()
	var total score
	fmt.Printf("%-28s %8s %8s %8s %8s\n", "rule", "broken", "noticed", "survived", "score")
	for _, rule := range all {
		if only != "" && rule != only {
			continue
		}
		s, err := breakRule(ctx, fsys, rule)
		if err != nil {
			return err
		}
		fmt.Printf("%-28s %8d %8d %8d %7.1f%%\n", rule, s.noticed+s.survived, s.noticed, s.survived, s.percent())
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

// breakRule breaks one rule in every way and asks its tests.
func breakRule(ctx context.Context, fsys fs.FS, rule string) (score, error) {
	var s score
	set, err := subset(fsys, rule)
	if err != nil {
		return s, err
	}
	switch got, why, err := judge(ctx, set); {
	case err != nil:
		return s, fmt.Errorf("%s unbroken: %w", rule, err)
	case got != survived:
		return s, fmt.Errorf("%s fails its tests unbroken: %s", rule, why)
	}
	file := rule + "/rule.rego"
	list, err := mutants(file, set[file].Data)
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
			results[i], _, errs[i] = judge(ctx, with(set, file, m.source))
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
