package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is gatehouse.dev/v1alpha1.
var GroupVersion = schema.GroupVersion{Group: "gatehouse.dev", Version: "v1alpha1"}

// AddToScheme registers every kind of this version.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&Tenant{}, &TenantList{},
		&Organization{}, &OrganizationList{},
		&OrganizationSettings{}, &OrganizationSettingsList{},
		&Tier{}, &TierList{},
		&Model{}, &ModelList{},
		&Policy{}, &PolicyList{},
		&QuotaLedger{}, &QuotaLedgerList{},
		&Usage{}, &UsageList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
