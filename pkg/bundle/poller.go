package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/go-logr/logr"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/download"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine"
)

// Set is where policies go; pkg/engine/policyset has one.
type Set interface {
	// SetOrigin puts rules in force in place of those of the same name. The error says why
	// they are not; the Set knows that too, for as long as it is so.
	SetOrigin(ctx context.Context, o engine.Origin, revision string) error
	// Trouble says why the newest of an origin cannot be looked at; empty: it can.
	Trouble(name, reason string)
}

// Poller keeps one bundle up to date.
type Poller struct {
	name       string
	set        Set
	logger     logr.Logger
	downloader *download.Downloader
	newest     revision
}

// NewPoller reads the key; nothing is fetched before Start.
func NewPoller(b config.PolicyBundle, set Set, logger logr.Logger) (*Poller, error) {
	p := &Poller{name: "bundle " + b.Name, set: set, logger: logger.WithValues("bundle", b.Name)}
	if b.MinRevision != "" {
		floor, err := parseRevision(b.MinRevision)
		if err != nil {
			return nil, fmt.Errorf("policy bundle %s: minRevision: %w", b.Name, err)
		}
		p.newest = floor
	}
	downloader, err := newDownloader(b)
	if err != nil {
		return nil, err
	}
	p.downloader = downloader.WithCallback(p.take)
	return p, nil
}

// Name is what messages call the bundle.
func (p *Poller) Name() string { return p.name }

// Start polls until ctx ends.
func (p *Poller) Start(ctx context.Context) error {
	p.downloader.Start(ctx)
	<-ctx.Done()
	p.downloader.Stop(context.WithoutCancel(ctx))
	return nil
}

// take is called with each answer of the server. An error makes the poller ask for the
// whole bundle again.
func (p *Poller) take(ctx context.Context, u download.Update) error {
	if u.Error == nil && u.Bundle == nil {
		return nil // nothing new
	}
	err := u.Error
	var next revision
	var files fs.FS
	if err == nil {
		next, files, err = p.read(u.Bundle)
	}
	if err != nil {
		p.logger.Error(err, "policy bundle not in force; what was in force before stays")
		p.set.Trouble(p.name, err.Error())
		// What is wrong with this bundle will not mend itself by fetching it at once.
		return nil
	}
	p.set.Trouble(p.name, "")
	// It may come into force later, when what it clashes with is gone: older ones are
	// refused from now on.
	p.newest = next
	if err := p.set.SetOrigin(ctx, engine.Origin{Name: p.name, Files: files}, next.text); err != nil {
		p.logger.Error(err, "policy bundle not in force; what was in force before stays", "revision", next.text)
		return nil
	}
	p.logger.Info("policy bundle in force", "revision", next.text)
	return nil
}

// read looks into a verified bundle, unless it is older than what was read before.
func (p *Poller) read(b *bundle.Bundle) (revision, fs.FS, error) {
	next, err := parseRevision(b.Manifest.Revision)
	if err != nil {
		return next, nil, err
	}
	if p.newest.newerThan(next) {
		return next, nil, fmt.Errorf("revision %q is older than %q, which was accepted before", next.text, p.newest.text)
	}
	files, err := filesOf(b)
	return next, files, err
}

// filesOf gives a bundle's modules as a tree <area>/<rule>/rule.rego. Data is refused:
// no policy would see it, and its author would not know.
func filesOf(b *bundle.Bundle) (fs.FS, error) {
	if len(b.Data) > 0 {
		return nil, errors.New("the bundle has data: policies read their input and parameters")
	}
	if len(b.WasmModules) > 0 {
		return nil, errors.New("the bundle has wasm: only Rego is read")
	}
	files := fstest.MapFS{}
	for _, m := range b.Modules {
		files[strings.TrimPrefix(m.Path, "/")] = &fstest.MapFile{Data: m.Raw}
	}
	if len(files) == 0 {
		return nil, errors.New("the bundle has no Rego in it")
	}
	return files, nil
}
