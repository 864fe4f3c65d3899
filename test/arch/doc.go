// Package arch tests who may import whom.
package arch
