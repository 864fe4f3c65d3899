// Package guard writes the ValidatingAdmissionPolicies that guard what the webhooks do
// not see or must not be asked about: the ledgers, the cluster roles of organizations,
// the webhook configurations themselves, and the reach of our own two accounts. It may
// import the Kubernetes API types, package installation and package admission.
package guard
