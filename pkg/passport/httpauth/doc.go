// Package httpauth lets a service behind the gate know its caller: net/http middleware
// that takes a bearer passport made for this service, and nothing else, as
//
//	Authorization: Bearer v1.<key id>.<payload>.<signature>
//
// It imports the standard library, pkg/passport and logr.
package httpauth
