// Package scan is the background audit: it judges what is stored in tenants' namespaces
// by the policies in force and writes one report a namespace, in the format of
// openreports.io.
package scan
