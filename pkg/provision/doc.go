// Package provision holds the reconcilers that make and keep what the gate decides over:
// a tenant's namespace and its guards, an organization's access, the ledgers settled to
// what is stored, the Usage that people read, the signing keys and the caBundle of the
// webhooks. It holds a client and may import everything below the gate; nobody
// imports it but the provisioner's main.
package provision
