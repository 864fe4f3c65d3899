// Package bundle brings policies from outside the cluster: OPA bundles that are fetched
// over HTTPS and verified, and directories. What cannot be had, verified or compiled
// leaves in force what was there before, and says so.
package bundle
