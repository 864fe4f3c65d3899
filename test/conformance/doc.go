// Package conformance is the exported suite of promises: the same cases run against the
// gate in process, the webhook binary over HTTPS and a real API server. A case says who
// writes what, and who must say what.
package conformance
