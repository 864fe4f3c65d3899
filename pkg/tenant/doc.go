// Package tenant is the pure model of who is who: organization, tenant and namespace,
// the class of a caller, an author's role and relation, and the tier, limits and models
// that are in force. It holds no client and no clock; it may import pkg/apis and
// pkg/review.
package tenant
