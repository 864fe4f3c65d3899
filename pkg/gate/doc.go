// Package gate decides one write: whose write is it, whose namespace, what do the
// policies say, does the quota hold. Handle takes a Request and gives a Verdict; it is
// used by the webhooks, the conformance suite and the command line alike. It knows no
// transport and no client: facts, owners, keys, policies and the ledger come in through
// interfaces.
package gate
