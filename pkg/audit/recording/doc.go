// Package recording keeps decisions so that another set of policies can be asked about
// them later: the policies' input with what their organization had set, and what came of
// it, one JSON line a decision. Secrets are replaced by keyed hashes before anything is
// written; equal values have equal hashes under one key.
//
// It may import the gate, whose decisions it takes, OPA's values and pkg/engine/taint,
// whose markers it writes; no Kubernetes client.
package recording
