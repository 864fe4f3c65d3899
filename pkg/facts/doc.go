// Package facts is the read-only snapshot that a decision sees: every tenant namespace
// with its tenant, organization, tier, limits and models, in plain types and in the
// engine's form. A snapshot never changes; facts/live swaps it as informers report. It
// may import pkg/apis, pkg/tenant and OPA's value types, and holds no client.
package facts
