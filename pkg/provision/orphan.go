package provision

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// seen remembers the Tenants that this process gave a home to, by name. A deletion that
// the API server began before it stored our finalizer ends without it, and only who saw
// the Tenant alive may tell its home from one that was restored from a backup: that one
// is of an earlier UID too and must not be deleted.
type seen struct {
	sync.Mutex
	uids map[string]types.UID
}

func (s *seen) keep(name string, uid types.UID) {
	s.Lock()
	defer s.Unlock()
	if s.uids == nil {
		s.uids = map[string]types.UID{}
	}
	s.uids[name] = uid
}

func (s *seen) of(name string) types.UID {
	s.Lock()
	defer s.Unlock()
	return s.uids[name]
}

func (s *seen) forget(name string) {
	s.Lock()
	defer s.Unlock()
	delete(s.uids, name)
}

// clearOrphan deletes the namespace of a Tenant of this name that was seen alive and is no
// more; present is the UID of the one that there is now, or "". It reports whether
// nothing is left of it.
func (r *tenants) clearOrphan(ctx context.Context, name string, present types.UID) (gone bool, err error) {
	uid := r.seen.of(name)
	if uid == "" || uid == present {
		return true, nil
	}
	var now v1alpha1.Tenant
	err = r.namespaces.live.Get(ctx, client.ObjectKey{Name: name}, &now)
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("tenant %s: %w", name, err)
	}
	if err == nil && now.UID == uid {
		return true, nil
	}
	gone, err = r.namespaces.remove(ctx, r.prefix+name, maker{uid: uid})
	if gone {
		r.seen.forget(name)
		r.applier.forget(r.prefix + name)
	}
	return gone, err
}
