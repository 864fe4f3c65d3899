// Package guard writes the ValidatingAdmissionPolicies that guard what the webhooks do
// not see or must not be asked about: the ledgers, the cluster roles of organizations,
// the webhook configurations themselves, the reach of our own two accounts, and what guards
// tenants where the webhooks are gone. It may
// import the Kubernetes API types, package installation and package admission.
package guard
