// Package v1 holds ResearchSession of research.example.com/v1, Claude Runner's own kind
// with its schema extended: every manifest that it accepted before still applies. It
// may import apimachinery only.
//
// +kubebuilder:object:generate=true
// +groupName=research.example.com
package v1
