package state

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// marker is the file that says a folder is a cluster's. Reset deletes folders, so it
// must never run on one that holds somebody else's files.
const marker = ".gatehouse-cluster"

// Claim makes the folder if need be and takes it for this process until release is
// called. It refuses a folder that holds files of somebody else, one that cannot be
// written, and one that another launcher is working on.
func (d Dir) Claim() (release func(), err error) {
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return nil, fmt.Errorf("state folder %s cannot be made: %w", d, reason(err))
	}
	if !d.Exists() {
		entries, err := os.ReadDir(string(d))
		if err != nil {
			return nil, fmt.Errorf("state folder %s cannot be read: %w", d, reason(err))
		}
		if len(entries) > 0 {
			return nil, fmt.Errorf("state folder %s holds files that are not a cluster's; choose an empty one with STATE=", d)
		}
	}
	lock, err := os.OpenFile(d.Path(marker), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("state folder %s cannot be written: %w", d, reason(err))
	}
	// Nothing was written: a close that fails has lost nothing, and the lock ends with the
	// process at the latest.
	release = func() { _ = lock.Close() }
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		release()
		return nil, fmt.Errorf("state folder %s is in use by another launcher that is starting or stopping it", d)
	}
	return release, nil
}

// Reset removes what an earlier cluster left and makes the folders of a new one.
func (d Dir) Reset() error {
	for _, name := range append(folders, files...) {
		if err := os.RemoveAll(d.Path(name)); err != nil {
			return fmt.Errorf("state folder %s cannot be cleaned: %w", d, reason(err))
		}
	}
	for _, name := range folders {
		if err := os.Mkdir(d.Path(name), 0o700); err != nil {
			return fmt.Errorf("state folder %s cannot be written: %w", d, reason(err))
		}
	}
	return nil
}

// reason drops the path that os errors repeat: the message names the folder already.
func reason(err error) error {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
