package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// decide are the packages that decide, each with the suites that are asked in turn.
var decide = []struct {
	name   string
	suites []string
}{
	{"pkg/passport", []string{"pkg/passport", "pkg/gate"}},
	{"pkg/gate", []string{"pkg/gate", "webhooks", "test/conformance"}},
	{"webhooks", []string{"webhooks", "test/conformance"}},
}

// limit is what one run of a suite may take: a break that loops is noticed by it.
const limit = 2 * time.Minute

func main() {
	only := flag.String("package", "", "break this package alone, such as pkg/gate")
	bar := flag.Float64("bar", 0, "fail below this part of the breaks noticed, in percent")
	every := flag.Int("every", 1, "break only each so many-th condition")
	flag.Parse()
	if err := run(context.Background(), *only, max(*every, 1), *bar); err != nil {
		fmt.Fprintln(os.Stderr, "guards:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, every int, bar float64) error {
	root, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("where am I: %w", err)
	}
	scratch, err := os.MkdirTemp("", "gatehouse-guards-")
	if err != nil {
		return fmt.Errorf("scratch: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	began, all, noticed := time.Now(), 0, 0
	fmt.Printf("%-16s %8s %8s %8s %8s\n", "package", "broken", "noticed", "survived", "score")
	for _, p := range decide {
		if only != "" && p.name != only {
			continue
		}
		b, err := prepare(ctx, root, scratch, p.name, p.suites)
		if err != nil {
			return err
		}
		survivors, err := b.judge(ctx, every)
		if err != nil {
			return err
		}
		n := 2 * ((len(b.points) + every - 1) / every)
		fmt.Printf("%-16s %8d %8d %8d %7.1f%%\n", p.name, n, n-len(survivors), len(survivors), 100*float64(n-len(survivors))/float64(n))
		for _, s := range survivors {
			fmt.Println("  nobody noticed: " + s)
		}
		all, noticed = all+n, noticed+n-len(survivors)
	}
	score := 100 * float64(noticed) / float64(max(all, 1))
	fmt.Printf("%-16s %8d %8d %8d %7.1f%%\n\n%.0f s\n", "all", all, noticed, all-noticed, score, time.Since(began).Seconds())
	if score < bar {
		return fmt.Errorf("%.1f %% of the broken conditions were noticed, want %.0f %%", score, bar)
	}
	return nil
}

// judge breaks each so many-th point both ways and gives what nobody noticed.
func (b broken) judge(ctx context.Context, every int) ([]string, error) {
	for _, s := range b.suites {
		if s.notices(ctx, 0) {
			return nil, errors.New(s.dir + " fails unbroken")
		}
	}
	lived := make([]bool, 2*len(b.points))
	var workers sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range lived {
		if i/2%every > 0 {
			continue
		}
		workers.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			number := i/2 + 1
			if i%2 == 1 {
				number = -number
			}
			for _, s := range b.suites {
				if s.notices(ctx, number) {
					return
				}
			}
			lived[i] = true
			fmt.Fprintln(os.Stderr, "  nobody noticed: "+b.says(i))
		})
	}
	workers.Wait()
	var out []string
	for i, is := range lived {
		if is {
			out = append(out, b.says(i))
		}
	}
	return out, nil
}

func (b broken) says(i int) string {
	p := b.points[i/2]
	return p.where + " " + []string{"never: ", "always: "}[i%2] + p.text
}

// notices runs a suite with one break, 0 for none, and reports whether it fails.
func (s suite) notices(ctx context.Context, number int) bool {
	ctx, end := context.WithTimeout(ctx, limit)
	defer end()
	test := exec.CommandContext(ctx, s.binary, "-test.failfast", "-test.short") //nolint:gosec // What was just built.
	test.Dir = s.dir
	test.Env = append(os.Environ(), variable+"="+strconv.Itoa(number))
	return test.Run() != nil
}
