package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
)

// The kinds of Gatekeeper's format: that of templates, and the group in which each
// template makes one.
var (
	TemplateKind    = schema.GroupVersionKind{Group: "templates.gatekeeper.sh", Version: "v1", Kind: "ConstraintTemplate"}
	constraintGroup = schema.GroupVersion{Group: "constraints.gatekeeper.sh", Version: "v1beta1"}
)

// Constraints hands on Gatekeeper's templates and constraints, all of them at each
// change. Changes that come while they are handed on make one more call.
type Constraints struct {
	Cache cache.Cache
	// Changed may take its time.
	Changed func(ctx context.Context, objects []unstructured.Unstructured)
	// Failed is told of kinds that cannot be watched yet: their definition comes after
	// their template. May be nil.
	Failed func(err error)

	dirty   chan struct{}
	watched map[string]bool
}

// lookAgain is how long a kind that is not there yet is waited for.
const lookAgain = time.Second

// Start watches until ctx ends; it returns when what is stored now has been handed on.
func (c *Constraints) Start(ctx context.Context) error {
	c.dirty, c.watched = make(chan struct{}, 1), map[string]bool{}
	if err := c.watch(ctx, TemplateKind); err != nil {
		return fmt.Errorf("watch constraint templates: %w", err)
	}
	again, err := c.hand(ctx)
	if err != nil {
		return err
	}
	go func() {
		for {
			var timer <-chan time.Time
			if again {
				timer = time.After(lookAgain)
			}
			select {
			case <-ctx.Done():
				return
			case <-c.dirty:
			case <-timer:
			}
			if again, err = c.hand(ctx); err != nil {
				again = true
				c.tell(err)
			}
		}
	}()
	return nil
}

func (c *Constraints) tell(err error) {
	if c.Failed != nil && !errors.Is(err, context.Canceled) {
		c.Failed(err)
	}
}

func (c *Constraints) watch(ctx context.Context, kind schema.GroupVersionKind) error {
	informer, err := c.Cache.GetInformer(ctx, object(kind))
	if err != nil {
		return err
	}
	_, err = informer.AddEventHandler(changed(mark(c.dirty)))
	return err
}

// hand gives on all that is stored; again is true while a template's kind is not there.
func (c *Constraints) hand(ctx context.Context) (again bool, err error) {
	templates, err := c.list(ctx, TemplateKind)
	if err != nil {
		return false, err
	}
	objects := templates
	wanted := map[string]bool{}
	for i := range templates {
		name := constraintKind(&templates[i])
		if name == "" {
			continue
		}
		kind := constraintGroup.WithKind(name)
		wanted[name] = true
		if !c.watched[name] {
			if err := c.watch(ctx, kind); err != nil {
				again = true
				if !meta.IsNoMatchError(err) {
					c.tell(fmt.Errorf("watch constraints of kind %s: %w", name, err))
				}
				continue
			}
			c.watched[name] = true
		}
		constraints, err := c.list(ctx, kind)
		if err != nil {
			return again, err
		}
		objects = append(objects, constraints...)
	}
	for name := range c.watched {
		if !wanted[name] {
			delete(c.watched, name)
			if err := c.Cache.RemoveInformer(ctx, object(constraintGroup.WithKind(name))); err != nil {
				c.tell(err)
			}
		}
	}
	c.Changed(ctx, objects)
	return again, nil
}

func (c *Constraints) list(ctx context.Context, kind schema.GroupVersionKind) ([]unstructured.Unstructured, error) {
	var list unstructured.UnstructuredList
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	if err := c.Cache.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list %s from the cache: %w", kind.Kind, err)
	}
	return list.Items, nil
}

func object(kind schema.GroupVersionKind) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(kind)
	return o
}
