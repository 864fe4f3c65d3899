package v1alpha1

// Labels on tenant namespaces. The webhooks' selectors and the guards read them, so
// only the provisioner may set them.
const (
	LabelTenant       = "gatehouse.dev/tenant"
	LabelOrganization = "gatehouse.dev/organization"
	LabelTier         = "gatehouse.dev/tier"
)

// Annotations on stored objects.
const (
	// AnnotationPassport names the author of the object, signed.
	AnnotationPassport = "gatehouse.dev/passport"
	// AnnotationCorrelation leads from a write through everything that it caused.
	AnnotationCorrelation = "gatehouse.dev/correlation-id"
	// AnnotationSeal asks mutating, from a platform identity, to seal an object for
	// the namespace's tenant.
	AnnotationSeal = "gatehouse.dev/seal"
	// AnnotationTenantUID on a tenant namespace records the UID of the Tenant that
	// it was created for: a Tenant made anew under an old name does not inherit it.
	AnnotationTenantUID = "gatehouse.dev/tenant-uid"
)

// UsageName is the name of the one Usage object of a tenant namespace.
const UsageName = "current"

// OrganizationIndividuals is the organization of people who belong to no other; it has
// no total, each of its tenants is a quota domain of its own.
const OrganizationIndividuals = "individuals"

// ConditionReady is true when everything that the object promises is there.
const ConditionReady = "Ready"
