// Package live builds facts from informers on one connection, and reads past them where
// a decision must not wait for a watch. It holds a client; the decision itself sees only
// the interfaces of facts and gate.
package live
