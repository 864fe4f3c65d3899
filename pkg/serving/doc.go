// Package serving is what a server needs around its handler: a serving certificate that
// the API server already trusts, listeners with time limits, health and readiness, and
// an end without a lost request.
//
// It alone imports cert-manager. It may hold a client, for the certificate's Secret and
// for reading our own webhook configurations; it knows nothing of reviews.
package serving
