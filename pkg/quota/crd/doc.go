// Package crd keeps quota ledgers in QuotaLedger objects: each change is one
// compare-and-swap of the whole object by its resourceVersion. It holds a client, which
// must not read from a cache, and may import pkg/quota and pkg/apis.
package crd
