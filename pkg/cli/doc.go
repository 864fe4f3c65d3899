// Package cli is the gatehouse command line, one file a command. It may import anything
// under pkg but the reconcilers, and speaks to a cluster only as the calling user.
package cli
