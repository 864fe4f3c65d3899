package webhooks

import "gatehouse.dev/gatehouse/pkg/review"

// Route ties a path of the server to the phase and the entry of the webhook
// configuration that calls it.
type Route struct {
	// Path is the HTTP path, Name the name of the webhook in its configuration.
	Path  string
	Name  string
	Phase review.Phase
	Entry review.Entry
}

// entries in the order of the architecture: (a) to (d).
var entries = []review.Entry{
	review.EntryTenant, review.EntryNamespaces, review.EntryPlatform, review.EntryGuests,
}

// Routes is the one table of paths: the server serves it and the webhook configurations
// are generated from it.
func Routes() []Route {
	routes := make([]Route, 0, 2*len(entries))
	for _, entry := range entries {
		routes = append(routes, Route{
			Path: "/mutate/" + string(entry), Name: "mutate-" + string(entry) + ".gatehouse.dev",
			Phase: review.Mutating, Entry: entry,
		})
	}
	for _, entry := range entries {
		routes = append(routes, Route{
			Path: "/validate/" + string(entry), Name: string(entry) + ".gatehouse.dev",
			Phase: review.Validating, Entry: entry,
		})
	}
	return routes
}
