package quota

import (
	"fmt"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
)

// TestAccountsAreInOrder: equal accounts are equal bytes, in whatever order a map gives them.
func TestAccountsAreInOrder(t *testing.T) {
	t.Parallel()
	many := amounts{}
	for i := range 40 {
		many[fmt.Sprintf("d%02d", i)] = resource.MustParse("1")
	}
	if all := dimensions(many); len(all) != 40 || !slices.IsSorted(all) {
		t.Errorf("dimensions are %v", all)
	}
	if list := many.list(); len(list) != 40 || list[0].Dimension != "d00" || list[39].Dimension != "d39" {
		t.Errorf("the list is %v", list)
	}
}
