package passport

// AudienceAdmission is the audience of the passports on stored objects: provenance
// without an expiry, worthless as a credential. Every other audience is a bearer
// audience and must have exp and nbf.
const AudienceAdmission = "admission"

// Bounds of a passport. No wire string is longer than MaxWire bytes.
const (
	// MaxPayload is the longest JSON payload, in bytes.
	MaxPayload = 2048
	// MaxGroups is the largest number of groups.
	MaxGroups = 16
	// MaxWire is the longest wire string, in bytes.
	MaxWire = len(version) + 1 + maxKeyID + 1 + (MaxPayload*4+2)/3 + 1 + macChars
)

// version is the first part of the wire form and a field of the payload.
const version = "v1"

// UserPassport is who is behind a write, in whose tenant, under which rights at the
// time it was made. Its JSON form is the payload of the wire form, all but Signature;
// fields stand in the order of this struct.
type UserPassport struct {
	// Version and KeyID are filled in by Sign and repeat what the wire form says.
	Version string `json:"version"`
	KeyID   string `json:"key_id"`
	// Audience is who may believe it.
	Audience string `json:"audience"`
	// UserID is the full username, <issuer alias>:<sub>, or platform:<name>.
	UserID string `json:"user_id"`
	// Email is verified by the issuer, or a hash of it, or empty.
	Email string `json:"email,omitempty"`
	// Groups and Permissions (names of roles) are sorted and without doubles.
	Groups      []string `json:"groups,omitempty"`
	Permissions []string `json:"permissions,omitempty"`
	// Role is the author's role towards the tenant's organization.
	Role string `json:"role,omitempty"`
	// Organization, Tier and Namespace are the tenant's, not the author's.
	Organization string `json:"organization,omitempty"`
	Tier         string `json:"tier,omitempty"`
	Namespace    string `json:"namespace,omitempty"`
	// CorrelationID is that of the write that the passport was minted for.
	CorrelationID string `json:"correlation_id,omitempty"`
	// Object is what the passport is bound to. Bearer passports may be bound to none.
	Object Object `json:"object,omitzero"`
	// IssuedAt, NotBefore and Expires are unix seconds. Bearer audiences have all
	// three, admission has IssuedAt only.
	IssuedAt  int64 `json:"issued_at"`
	NotBefore int64 `json:"nbf,omitempty"`
	Expires   int64 `json:"exp,omitempty"`

	// Signature is the base64url MAC, set by Verify and Inspect and ignored by Sign.
	Signature string `json:"-"`
}

// Bearer reports whether the passport is of an audience that takes it as a credential.
func (p UserPassport) Bearer() bool { return p.Audience != AudienceAdmission }
