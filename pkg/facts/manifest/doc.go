// Package manifest reads facts from files: the platform that the command line judges
// under without a cluster, and the sample platform of tests. It may import pkg/facts and
// apimachinery, and holds no client.
package manifest
