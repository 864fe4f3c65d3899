package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Read gives every record of a directory, the oldest file first, to visit, and counts the
// lines that are none: a process that was killed leaves half of one. An error of visit
// ends it.
func Read(directory string, visit func(Record) error) (broken int, err error) {
	names, err := list(directory)
	if err != nil {
		return 0, fmt.Errorf("recordings: %w", err)
	}
	if len(names) == 0 {
		return 0, fmt.Errorf("recordings: no file %s in %s", pattern, directory)
	}
	for _, name := range names {
		n, err := readFile(name, visit)
		broken += n
		if err != nil {
			return broken, err
		}
	}
	return broken, nil
}

func readFile(name string, visit func(Record) error) (broken int, err error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, fmt.Errorf("recordings: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	in := bufio.NewReaderSize(file, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return broken, fmt.Errorf("recordings: %s: %w", name, err)
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			var r Record
			if json.Unmarshal(line, &r) != nil || len(r.Input) == 0 {
				broken++
			} else if err := visit(r); err != nil {
				return broken, err
			}
		}
		if err != nil {
			return broken, nil
		}
	}
}
