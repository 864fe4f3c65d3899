package engine

import (
	"context"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// factsRoot is where a Snapshot appears under data.
const factsRoot = "facts"

// snapshotStore shows one Snapshot to one evaluation. It has no lock and no write, so
// that no evaluation waits for another.
type snapshotStore struct {
	storage.WritesNotSupported
	storage.PolicyNotSupported
	storage.TriggersNotSupported
}

// snapshotTxn carries the snapshot and the name it has under data: the store itself is
// shared.
type snapshotTxn struct {
	root  string
	facts ast.Value
}

// ID is needed by the interface only.
func (snapshotTxn) ID() uint64 { return 0 }

var errReadOnly = errors.New("facts are read-only")

// Read finds a document below the root as an ast.Value.
func (snapshotStore) Read(_ context.Context, txn storage.Transaction, path storage.Path) (any, error) {
	t, ok := txn.(snapshotTxn)
	if !ok {
		return nil, errReadOnly
	}
	if len(path) == 0 || path[0] != t.root || t.facts == nil {
		return nil, &storage.Error{Code: storage.NotFoundErr, Message: path.String()}
	}
	ref := make(ast.Ref, len(path)-1)
	for i, part := range path[1:] {
		ref[i] = ast.StringTerm(part)
	}
	value, err := t.facts.Find(ref)
	if err != nil {
		return nil, &storage.Error{Code: storage.NotFoundErr, Message: path.String()}
	}
	return value, nil
}

// NewTransaction is unused: every evaluation brings its own.
func (snapshotStore) NewTransaction(context.Context, ...storage.TransactionParams) (storage.Transaction, error) {
	return snapshotTxn{}, nil
}

// Truncate is refused.
func (snapshotStore) Truncate(context.Context, storage.Transaction, storage.TransactionParams, storage.Iterator) error {
	return errReadOnly
}

// Commit has nothing to do.
func (snapshotStore) Commit(context.Context, storage.Transaction) error { return nil }

// Abort has nothing to do.
func (snapshotStore) Abort(context.Context, storage.Transaction) {}
