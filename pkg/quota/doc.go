// Package quota is the arithmetic of a QuotaLedger: what a reservation takes, when it is
// refused and how a ledger is settled to what is really stored. One ledger serves one
// quota domain and has a section a tenant; used is what is settled plus every entry that
// nothing confirms yet.
//
// Everything here is a pure function of its arguments. It may import pkg/apis and
// apimachinery's resource, time and types packages, and neither a client nor OPA;
// quota/crd does the compare-and-swap.
package quota
