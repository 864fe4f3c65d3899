// Package chart writes the templates and values of charts/gatehouse from what kustomize
// renders, so that both install the same. It may import package admission, guard,
// installation and render.
package chart
