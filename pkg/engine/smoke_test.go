package engine

import (
	"context"
	"testing"

	"gatehouse.dev/gatehouse/policies"
)

func TestSmoke(t *testing.T) {
	p, err := Compile(context.Background(), Options{Policies: policies.FS})
	if err != nil {
		t.Fatal(err)
	}
	in, _ := ObjectValue(canaryInput)
	v, err := p.Eval(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(v)
	r, err := Decode(v)
	t.Log(r, err)
}
