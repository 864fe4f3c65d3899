package main

import (
	"context"
	"errors"
	"time"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// account says how a tenant's stored objects count, for a ledger that has to be rebuilt.
func (w *world) account(_ context.Context, tenant string) (quota.Account, error) {
	snapshot := w.facts.Snapshot()
	if snapshot == nil || w.program == nil {
		return quota.Account{}, errors.New("facts and policies are not there yet")
	}
	name := w.facts.Prefix + tenant
	home, ok := snapshot.HomeOf(name)
	if !ok {
		home = snapshot.Home(facts.Namespace{Name: name})
	}
	return gate.AccountOf(w.program(), home, w.calendar, time.Now()), nil
}
