// Package drive sends reviews to a webhook over TLS and HTTP/1.1, in two ways.
//
// Closed loop: so many connections, each sending its next review when it has the answer to
// the last one. It tells the capacity. Open loop: reviews begin by a fixed schedule, whatever
// became of those before; a latency is counted from the moment at which the review was due, so
// that a server that stands still for a second shows in every review that was due then. A
// closed loop would send one review then and hide the others (coordinated omission).
//
// A request is rendered once and written as it is, and connections are plain tls.Conns: on two
// cores the generator must cost less than what it measures.
package drive
