// Package audit tells afterwards what was decided: the decision log (one JSON line a
// decision), the redaction that keeps secrets out of it, and the metrics.
//
// Every validating review leaves one line. A mutating review leaves one only when it
// did not let the write go on: the validating review of the same write says the rest.
//
// It may import pkg/review, zap and the Prometheus client; no Kubernetes package.
package audit
