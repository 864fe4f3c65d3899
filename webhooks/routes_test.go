package webhooks

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/review"
)

func TestRoutes(t *testing.T) {
	want := []Route{
		{"/mutate/tenant", "mutate-tenant.gatehouse.dev", review.Mutating, review.EntryTenant},
		{"/mutate/namespaces", "mutate-namespaces.gatehouse.dev", review.Mutating, review.EntryNamespaces},
		{"/mutate/platform", "mutate-platform.gatehouse.dev", review.Mutating, review.EntryPlatform},
		{"/mutate/guests", "mutate-guests.gatehouse.dev", review.Mutating, review.EntryGuests},
		{"/validate/tenant", "tenant.gatehouse.dev", review.Validating, review.EntryTenant},
		{"/validate/namespaces", "namespaces.gatehouse.dev", review.Validating, review.EntryNamespaces},
		{"/validate/platform", "platform.gatehouse.dev", review.Validating, review.EntryPlatform},
		{"/validate/guests", "guests.gatehouse.dev", review.Validating, review.EntryGuests},
	}
	if diff := cmp.Diff(want, Routes()); diff != "" {
		t.Errorf("Routes (-want +got):\n%s", diff)
	}
}
