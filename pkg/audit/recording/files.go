package recording

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// A directory holds up to parts files, so that the oldest can go and the rest stay.
const parts = 8

// pattern of the files' names; their order is that of their age.
const pattern = "gatehouse-*.jsonl"

var notName = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// files are the recordings of one process in a directory. One goroutine uses them.
type files struct {
	directory, name string
	// part is the largest size of one file, most that of all, in bytes.
	part, most int64

	file *os.File
	size int64
}

func openFiles(directory, name string, most int64) (*files, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, err
	}
	probe, err := os.CreateTemp(directory, ".probe-*")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return nil, err
	}
	return &files{directory: directory, name: notName.ReplaceAllString(name, "-"), part: most / parts, most: most}, nil
}

// write appends a line, to a new file where the present one is full.
func (f *files) write(line []byte) error {
	if int64(len(line)) > f.part {
		return fmt.Errorf("a line of %d bytes, a file holds %d", len(line), f.part)
	}
	if f.file == nil || f.size+int64(len(line)) > f.part {
		if err := f.rotate(); err != nil {
			return err
		}
	}
	n, err := f.file.Write(line)
	f.size += int64(n)
	if err != nil {
		// Half a line must not run into the next one.
		return errors.Join(err, f.close())
	}
	return nil
}

func (f *files) rotate() error {
	if err := f.close(); err != nil {
		return err
	}
	if err := f.prune(); err != nil {
		return err
	}
	name := fmt.Sprintf("gatehouse-%s-%s.jsonl", time.Now().UTC().Format("20060102T150405.000000000"), f.name)
	file, err := os.OpenFile(filepath.Join(f.directory, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	f.file, f.size = file, 0
	return nil
}

// prune removes the oldest until there is room for one more.
func (f *files) prune() error {
	names, err := list(f.directory)
	if err != nil {
		return err
	}
	sizes := make([]int64, len(names))
	total := f.part
	for i, name := range names {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another process removed it
		}
		if err != nil {
			return err
		}
		sizes[i] = info.Size()
		total += sizes[i]
	}
	for i, name := range names {
		if total <= f.most {
			return nil
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		total -= sizes[i]
	}
	return nil
}

func (f *files) close() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}

// list gives the recordings of a directory, the oldest first.
func list(directory string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(directory, pattern))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return names, nil
}
