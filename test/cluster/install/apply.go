package install

import (
	"context"
	"fmt"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/api"
)

// establishLimit is how long new kinds may take until the API server serves them.
const establishLimit = 20 * time.Second

// Kinds writes the kinds and namespaces among the objects and returns when the API server
// serves them. It comes before the controller-manager starts: its quota and garbage
// controllers look for new kinds every half minute only, and until then a ResourceQuota
// that counts one refuses to create it.
func Kinds(ctx context.Context, admin *api.Client, objects []api.Object) error {
	first, _, _ := phases(objects)
	if err := applyAll(ctx, admin, first); err != nil {
		return err
	}
	for _, object := range first {
		if api.String(object, "kind") != "CustomResourceDefinition" {
			continue
		}
		if err := established(ctx, admin, api.String(object, "metadata", "name")); err != nil {
			return err
		}
	}
	return nil
}

// Rest writes what Kinds leaves: what the webhooks and their accounts need, and only
// then the webhook configurations.
func Rest(ctx context.Context, admin *api.Client, objects []api.Object) error {
	_, middle, last := phases(objects)
	if err := applyAll(ctx, admin, middle); err != nil {
		return err
	}
	return applyAll(ctx, admin, last)
}

func phases(objects []api.Object) (first, middle, last []api.Object) {
	for _, object := range objects {
		switch api.String(object, "kind") {
		case "CustomResourceDefinition", "Namespace":
			first = append(first, object)
		case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration":
			last = append(last, object)
		default:
			middle = append(middle, object)
		}
	}
	return first, middle, last
}

func applyAll(ctx context.Context, admin *api.Client, objects []api.Object) error {
	if len(objects) == 0 {
		return nil
	}
	resources, err := admin.Discover(ctx)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if _, err := admin.Apply(ctx, resources, object); err != nil {
			return err
		}
	}
	return nil
}

func established(ctx context.Context, admin *api.Client, name string) error {
	deadline := time.Now().Add(establishLimit)
	for {
		definition, err := admin.Get(ctx, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"+name)
		if err != nil {
			return err
		}
		if api.Condition(definition, "Established") {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("kind %s is not established after %s", name, establishLimit)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
