package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// manifest is written last into a folder of the cache. A folder without one, or with a
// program of another size, is half built.
const manifest = "complete.json"

// Cache is the folder outside the checkout that keeps built programs.
type Cache struct {
	Dir string
	Out io.Writer // told what is being built and how far it is
}

// DefaultDir is GATEHOUSE_CACHE, or gatehouse in the user's cache folder.
func DefaultDir() (string, error) {
	if dir := os.Getenv("GATEHOUSE_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir() // honors XDG_CACHE_HOME
	if err != nil {
		return "", fmt.Errorf("find the cache folder (set GATEHOUSE_CACHE): %w", err)
	}
	return filepath.Join(dir, "gatehouse"), nil
}

// Ensure returns the folder that holds the programs of a set, building them if need be.
// Two launchers at once build once: the other waits. An interrupted build leaves nothing
// that a later one takes for whole, and what the compiler finished is not lost.
func (c Cache) Ensure(ctx context.Context, set Set) (string, error) {
	key, err := set.key(ctx)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(c.Dir, set.Name+"-"+set.Version+"-"+key)
	if complete(dir, set) == nil {
		return dir, nil
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return "", fmt.Errorf("cache folder cannot be made (set GATEHOUSE_CACHE): %w", err)
	}
	unlock, err := c.lock(ctx, set)
	if err != nil {
		return "", err
	}
	defer unlock()
	broken := complete(dir, set)
	if broken == nil {
		return dir, nil // another launcher has built it while we waited
	}
	if _, err := os.Stat(dir); err == nil {
		fmt.Fprintf(c.Out, "%s: %v; building it again\n", set.Name, broken)
		if err := os.RemoveAll(dir); err != nil {
			return "", fmt.Errorf("remove half-built %s: %w", set.Name, err)
		}
	}
	return dir, c.fill(ctx, set, dir)
}

// fill builds aside and moves the whole into place.
func (c Cache) fill(ctx context.Context, set Set, dir string) (err error) {
	aside := filepath.Join(c.Dir, "."+set.Name+".building")
	// We hold the lock: what lies there is of a build that was killed.
	if err := os.RemoveAll(aside); err != nil {
		return fmt.Errorf("remove an interrupted build of %s: %w", set.Name, err)
	}
	if err := os.Mkdir(aside, 0o755); err != nil {
		return fmt.Errorf("cache folder cannot be written (set GATEHOUSE_CACHE): %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(aside)) }()
	if err := compile(ctx, set, aside, c.Out); err != nil {
		return err
	}
	sizes := map[string]int64{}
	for _, program := range set.Programs {
		info, err := os.Stat(filepath.Join(aside, program.Name))
		if err != nil {
			return fmt.Errorf("build %s: %w", set.Name, err)
		}
		sizes[program.Name] = info.Size()
	}
	text, err := json.Marshal(sizes)
	if err != nil {
		return fmt.Errorf("build %s: %w", set.Name, err)
	}
	if err := os.WriteFile(filepath.Join(aside, manifest), text, 0o644); err != nil {
		return fmt.Errorf("build %s: %w", set.Name, err)
	}
	if err := os.Rename(aside, dir); err != nil {
		return fmt.Errorf("build %s: %w", set.Name, err)
	}
	return nil
}

// complete says what is wrong with a folder of the cache, nil if nothing is.
func complete(dir string, set Set) error {
	text, err := os.ReadFile(filepath.Join(dir, manifest))
	if err != nil {
		return fmt.Errorf("the cache holds a half-built copy")
	}
	var sizes map[string]int64
	if err := json.Unmarshal(text, &sizes); err != nil {
		return fmt.Errorf("the cache holds a copy with a damaged list of contents")
	}
	for _, program := range set.Programs {
		info, err := os.Stat(filepath.Join(dir, program.Name))
		if err != nil {
			return fmt.Errorf("the cache holds a copy without %s", program.Name)
		}
		if info.Size() != sizes[program.Name] || info.Mode()&0o100 == 0 {
			return fmt.Errorf("the cache holds a damaged %s", program.Name)
		}
	}
	return nil
}

// lock keeps other launchers from building the same set.
func (c Cache) lock(ctx context.Context, set Set) (unlock func(), err error) {
	path := filepath.Join(c.Dir, "."+set.Name+".lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cache folder cannot be written (set GATEHOUSE_CACHE): %w", err)
	}
	// Nothing was written: a close that fails has lost nothing, and the lock ends with the
	// process at the latest.
	unlock = func() { _ = file.Close() }
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		return unlock, nil
	}
	fmt.Fprintf(c.Out, "%s: another launcher is building it; waiting\n", set.Name)
	locked := make(chan error, 1)
	go func() { locked <- syscall.Flock(int(file.Fd()), syscall.LOCK_EX) }()
	select {
	case err := <-locked:
		if err != nil {
			unlock()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		return unlock, nil
	case <-ctx.Done():
		// The process is about to end, and the waiting lock with it.
		return nil, ctx.Err()
	}
}
