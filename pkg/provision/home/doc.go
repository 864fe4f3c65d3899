// Package home says what stands in a tenant's namespace and around it: pure functions from
// what is in force for a tenant to the apply configurations of its guards. It may import
// pkg/apis, pkg/tenant and client-go's apply configurations; it holds no client.
package home
