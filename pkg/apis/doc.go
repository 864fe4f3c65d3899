// Package apis holds the Kubernetes kinds of Gatehouse, one folder a group version:
// v1alpha1 is gatehouse.dev/v1alpha1, research/v1 is research.example.com/v1.
// It may import apimachinery and nothing else.
package apis
