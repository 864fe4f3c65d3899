package quota

// counted are the resources of which a policy may demand quota: settlements look at what
// is stored of them. What others took, nothing would give back.
var counted = map[string]bool{
	"researchsessions.research.example.com": true,
	"pods":                                  true,
	"persistentvolumeclaims":                true,
}

// Counts reports whether stored objects of a resource (resource.group, the core group's
// the resource alone) are counted.
func Counts(groupResource string) bool { return counted[groupResource] }
