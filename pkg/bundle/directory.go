package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing/fstest"
	"time"

	"github.com/go-logr/logr"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// directoryLook is how often a directory is read again.
const directoryLook = 5 * time.Second

// Directory keeps the rules of a directory in force, as a mounted ConfigMap or a
// checkout changes.
type Directory struct {
	Path   string
	Set    Set
	Logger logr.Logger
	// Every is how often it is read again; 0 means 5 s.
	Every time.Duration

	loaded string
}

// Name is what messages call the directory.
func (d *Directory) Name() string { return "directory " + d.Path }

// Start reads until ctx ends.
func (d *Directory) Start(ctx context.Context) error {
	every := d.Every
	if every == 0 {
		every = directoryLook
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		d.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (d *Directory) look(ctx context.Context) {
	name := d.Name()
	files, digest, err := readTree(os.DirFS(d.Path))
	switch {
	case err == nil && digest == d.loaded:
		return
	case err != nil:
		d.loaded = ""
		d.Logger.Error(err, "policy directory cannot be read; what was in force before stays", "directory", d.Path)
		d.Set.Trouble(name, err.Error())
		return
	}
	d.Set.Trouble(name, "")
	d.loaded = digest
	if err := d.Set.SetOrigin(ctx, engine.Origin{Name: name, Files: files}, digest); err != nil {
		d.Logger.Error(err, "policy directory not in force; what was in force before stays", "directory", d.Path)
		return
	}
	d.Logger.Info("policy directory in force", "directory", d.Path, "digest", digest)
}

// readTree copies the Rego files of a tree, so that what is compiled is what was hashed.
// Names that begin with a dot are left out: a mounted ConfigMap has its versions there.
func readTree(from fs.FS) (fs.FS, string, error) {
	files, h := fstest.MapFS{}, sha256.New()
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() || !strings.HasSuffix(name, ".rego"):
			return nil
		}
		raw, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%d:%s%d:", len(name), name, len(raw))
		h.Write(raw)
		files[name] = &fstest.MapFile{Data: raw}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("read policies: %w", err)
	}
	return files, hex.EncodeToString(h.Sum(nil)), nil
}
