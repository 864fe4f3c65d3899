package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// QuotaLedger is the account of one quota domain. It has no status subresource: a
// reservation is one compare-and-swap of the whole object. Our webhooks never see it
// (a reservation would call us inside our own call); RBAC and a
// ValidatingAdmissionPolicy guard it.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster
// +kubebuilder:printcolumn:name="Domain",type=string,JSONPath=`.spec.domain`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type QuotaLedger struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec QuotaLedgerSpec `json:"spec"`
}

// QuotaLedgerSpec holds a section a tenant.
type QuotaLedgerSpec struct {
	// domain is organization/<name>, or tenant/<name> for a tenant of individuals.
	// +kubebuilder:validation:Pattern=`^(organization|tenant)/[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=80
	Domain string `json:"domain"`
	// +listType=map
	// +listMapKey=tenant
	// +optional
	Sections []LedgerSection `json:"sections,omitempty"`
}

// LedgerSection is the account of one tenant.
type LedgerSection struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Tenant string `json:"tenant"`
	// settled is the sum over the objects that are known to be stored.
	// +listType=map
	// +listMapKey=dimension
	// +optional
	Settled []LedgerAmount `json:"settled,omitempty"`
	// entries are reservations that no stored object confirms yet.
	// +listType=atomic
	// +optional
	Entries []LedgerEntry `json:"entries,omitempty"`
}

// LedgerAmount is an amount of one dimension, in that dimension's unit.
type LedgerAmount struct {
	Dimension string            `json:"dimension"`
	Amount    resource.Quantity `json:"amount"`
}

// LedgerEntry is one reservation: key (groupResource, namespace, name), fenced by UID.
type LedgerEntry struct {
	// groupResource as in researchsessions.research.example.com.
	GroupResource string    `json:"groupResource"`
	Namespace     string    `json:"namespace"`
	Name          string    `json:"name"`
	UID           types.UID `json:"uid"`
	// contenders are the UIDs of other unconfirmed creates of the same name. Each of
	// them may still be stored, so the entry stays until all are accounted for.
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Contenders []types.UID `json:"contenders,omitempty"`
	// amounts that the object holds once it is stored.
	// +listType=map
	// +listMapKey=dimension
	// +optional
	Amounts []LedgerAmount `json:"amounts,omitempty"`
	// expires is when an entry that no object confirms may be dropped, after a quorum
	// read.
	Expires metav1.Time `json:"expires"`
}

// QuotaLedgerList is a list of ledgers.
// +kubebuilder:object:root=true
type QuotaLedgerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []QuotaLedger `json:"items"`
}
