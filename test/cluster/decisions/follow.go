package decisions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// pollEvery is how often the log is looked at for more.
const pollEvery = 200 * time.Millisecond

// Follow prints what is appended to a log from now on, until ctx ends. The log need not
// be there yet.
func Follow(ctx context.Context, path string, out io.Writer) error {
	var offset int64
	if info, err := os.Stat(path); err == nil {
		offset = info.Size()
	}
	var rest []byte
	for {
		more, err := readFrom(path, offset)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("follow the decision log: %w", err)
		}
		offset += int64(len(more))
		rest = append(rest, more...)
		for {
			line, after, whole := bytes.Cut(rest, []byte("\n"))
			if !whole {
				break
			}
			fmt.Fprintln(out, Format(line))
			rest = after
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pollEvery):
		}
	}
}

func readFrom(path string, offset int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(file)
}
