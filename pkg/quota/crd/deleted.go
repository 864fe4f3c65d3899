package crd

import (
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Finalizer keeps a ledger that somebody deletes until no write is on its way any more: only
// the ledger knows of those, and who makes it again from what is stored would give their
// places away. Reservations go on in it meanwhile.
const Finalizer = "gatehouse.dev/open-reservations"

// guard puts the finalizer on a ledger that has none, and takes it off one that is being
// deleted when nothing is open in what is written next. The swap says whether that holds.
func (s *state) guard(next v1alpha1.QuotaLedgerSpec) {
	switch {
	case s.DeletionTimestamp.IsZero():
		s.touched = controllerutil.AddFinalizer(s.QuotaLedger, Finalizer)
	case !promises(next):
		s.touched = controllerutil.RemoveFinalizer(s.QuotaLedger, Finalizer)
	}
}

// going reports whether somebody deleted a ledger that is still there.
func (s *state) going() bool { return !s.DeletionTimestamp.IsZero() }

// gone reports whether the write of a ledger was its last.
func (s *state) gone() bool { return s.going() && len(s.Finalizers) == 0 }

// promises reports whether places are reserved that no stored object confirms yet.
func promises(spec v1alpha1.QuotaLedgerSpec) bool {
	for _, s := range spec.Sections {
		if len(s.Entries) > 0 {
			return true
		}
	}
	return false
}
