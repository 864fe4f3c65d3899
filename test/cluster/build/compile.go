package build

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// compile builds a set into a folder and says how far it is.
func compile(ctx context.Context, set Set, dir string, out io.Writer) error {
	fmt.Fprintf(out, "%s %s: not in the cache, building it from source (minutes the first time)\n", set.Name, set.Version)
	started := time.Now()
	meter := newMeter(out, set.Name)
	counting, done := context.WithCancel(ctx)
	go func() {
		// Without a count the meter says less; why there is none, the build says itself.
		if n, err := stale(counting, set); err == nil {
			meter.left(n)
		}
	}()
	err := goBuild(ctx, set, dir, meter)
	done()
	if err != nil {
		return interrupted(ctx, set, err)
	}
	for _, program := range set.Programs {
		if err := rename(dir, program); err != nil {
			return fmt.Errorf("build %s: %w", set.Name, err)
		}
	}
	fmt.Fprintf(out, "%s: built in %s\n", set.Name, time.Since(started).Round(time.Second))
	return nil
}

// goBuild runs go build and feeds the meter. An error carries the compiler's words.
func goBuild(ctx context.Context, set Set, dir string, meter *meter) error {
	defer meter.stop()
	args := append([]string{"build", "-v", compilerFlags, "-ldflags", set.Flags, "-o", dir + string(filepath.Separator)}, packages(set)...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = set.Module, environment()
	// An interrupt lets go clean up after itself; a kill would leave compilers running.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	complaints := follow(stderr, meter)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, strings.Join(complaints, "\n"))
	}
	return nil
}

// follow reads what go build -v says: a line for each package that it compiles, and
// what the compiler complains about.
func follow(stderr io.Reader, meter *meter) (complaints []string) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "go: downloading"):
			meter.note(line)
		case line != "" && !strings.ContainsAny(line, " \t"):
			meter.compiled(line)
		default:
			complaints = append(complaints, line)
		}
	}
	return complaints
}

// stale counts the packages that have to be compiled still. The programs themselves always
// count as stale to go list, as they are not where it would install them.
func stale(ctx context.Context, set Set) (int, error) {
	args := append([]string{"list", "-deps", compilerFlags, "-ldflags", set.Flags, "-f", "{{if .Stale}}{{.ImportPath}}{{end}}"}, packages(set)...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = set.Module, environment()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	output, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return 0, fmt.Errorf("%w\n%s", err, exit.Stderr)
		}
		return 0, err
	}
	return max(0, strings.Count(string(output), "\n")-len(set.Programs)), nil
}

func interrupted(ctx context.Context, set Set, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("build of %s interrupted; what is compiled is kept and the next start goes on from there: %w", set.Name, ctx.Err())
	}
	return fmt.Errorf("build %s: %w", set.Name, err)
}

func packages(set Set) []string {
	names := make([]string, 0, len(set.Programs))
	for _, program := range set.Programs {
		names = append(names, program.Package)
	}
	return names
}

// rename gives a program its name: go calls it after its package's last element that is
// not a version.
func rename(dir string, program Program) error {
	made := path.Base(program.Package)
	if len(made) > 1 && made[0] == 'v' && strings.Trim(made[1:], "0123456789") == "" {
		made = path.Base(path.Dir(program.Package))
	}
	if made == program.Name {
		return nil
	}
	return os.Rename(filepath.Join(dir, made), filepath.Join(dir, program.Name))
}
