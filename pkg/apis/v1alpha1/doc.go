// Package v1alpha1 holds the kinds of gatehouse.dev/v1alpha1. Tenant, Organization,
// OrganizationSettings, Tier, Model, Policy and QuotaLedger are cluster-scoped,
// Usage is namespaced. It may import apimachinery only.
//
// +kubebuilder:object:generate=true
// +groupName=gatehouse.dev
package v1alpha1
