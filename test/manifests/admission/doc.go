// Package admission is the one table of what reaches the webhooks: the four entries, who
// a guest is, and the exemptions of what must never stop. Both webhook configurations,
// the chart and the list of exemptions in docs are written from it. It may import the
// Kubernetes API types and package installation.
package admission
