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
	// sections, one a tenant. The API server does not look into them: it takes 20 ms of a
	// core to check what has a schema, each time that somebody takes a place. What cannot be
	// read is built anew.
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:pruning:PreserveUnknownFields
	// +optional
	Sections []LedgerSection `json:"sections,omitempty"`
	// settlements counts the writes that entered what is stored; reservations leave it as it
	// is.
	// +optional
	Settlements int64 `json:"settlements,omitempty"`
	// reports say how far the use that others told is entered.
	// +listType=map
	// +listMapKey=reporter
	// +optional
	Reports []LedgerReport `json:"reports,omitempty"`
}

// LedgerSection is the account of one tenant.
type LedgerSection struct {
	Tenant string `json:"tenant"`
	// settled is the sum over the objects that are known to be stored.
	// +optional
	Settled []LedgerAmount `json:"settled,omitempty"`
	// entries are reservations that no stored object confirms yet.
	// +optional
	Entries []LedgerEntry `json:"entries,omitempty"`
	// windows hold what was used within a day or a month, an identity, a dimension and a
	// window each. They outlive the tenant.
	// +optional
	Windows []LedgerWindow `json:"windows,omitempty"`
	// meters hold what stored objects have used so far and go on using.
	// +optional
	Meters []LedgerMeter `json:"meters,omitempty"`
}

// LedgerWindow is what one identity used of one dimension within one window.
type LedgerWindow struct {
	// owner is the user whose use it is, <alias>:<sub>.
	Owner     string `json:"owner"`
	Dimension string `json:"dimension"`
	// start is the first moment of the window, length its kind.
	Start  metav1.Time `json:"start"`
	Length Window      `json:"length"`
	// used was charged to this domain, elsewhere to others: it counts against the
	// tenant's limit and against no total.
	Used resource.Quantity `json:"used"`
	// +optional
	Elsewhere *resource.Quantity `json:"elsewhere,omitempty"`
}

// LedgerMeter is what one stored object used of one dimension within one window so far.
type LedgerMeter struct {
	UID       types.UID         `json:"uid"`
	Owner     string            `json:"owner"`
	Dimension string            `json:"dimension"`
	Start     metav1.Time       `json:"start"`
	Length    Window            `json:"length"`
	Amount    resource.Quantity `json:"amount"`
	// left says that the tenant took the object along to another domain, where what it uses
	// since is counted.
	// +optional
	Left bool `json:"left,omitempty"`
}

// LedgerReport is the last report of one reporter that is entered; an earlier one is
// entered already.
type LedgerReport struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Reporter string `json:"reporter"`
	Sequence int64  `json:"sequence"`
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
	// +optional
	Contenders []types.UID `json:"contenders,omitempty"`
	// owner is the user whose windows are charged.
	// +optional
	Owner string `json:"owner,omitempty"`
	// amounts that the object holds once it is stored.
	// +optional
	Amounts []LedgerAmount `json:"amounts,omitempty"`
	// held is the part of amounts that settled has already: what the key's stored object
	// held when it was to be changed.
	// +optional
	Held []LedgerAmount `json:"held,omitempty"`
	// version is the resourceVersion that an update starts from; the update is over when
	// the object has a later one. Empty for a create, which its UID confirms.
	// +optional
	Version string `json:"version,omitempty"`
	// charges go to windows when the object was stored, once for each UID.
	// +optional
	Charges []LedgerCharge `json:"charges,omitempty"`
	// taken is how many of the UIDs found the name taken and will most likely not be
	// stored.
	// +optional
	Taken int32 `json:"taken,omitempty"`
	// expires is when an entry that no object confirms may be dropped, after a quorum
	// read.
	Expires metav1.Time `json:"expires"`
}

// LedgerCharge is what an entry takes of one window.
type LedgerCharge struct {
	Dimension string            `json:"dimension"`
	Start     metav1.Time       `json:"start"`
	Length    Window            `json:"length"`
	Amount    resource.Quantity `json:"amount"`
}

// QuotaLedgerList is a list of ledgers.
// +kubebuilder:object:root=true
type QuotaLedgerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []QuotaLedger `json:"items"`
}
