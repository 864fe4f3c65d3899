package plan

import (
	"reflect"

	"github.com/open-policy-agent/opa/v1/ir"
)

// anywhere looks through statements and all that is in them until something is found. Look says
// whether something is, and whether that is all to be said of it, so that nothing in it is looked at.
func anywhere(in any, look func(x any) (found, over bool)) bool {
	var within func(v reflect.Value) bool
	within = func(v reflect.Value) bool {
		if (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
			return false
		}
		x := v.Interface()
		if _, place := x.(ir.Location); place {
			return false
		}
		if found, over := look(x); over {
			return found
		}
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			return within(v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				if within(v.Field(i)) {
					return true
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				if within(v.Index(i)) {
					return true
				}
			}
		}
		return false
	}
	return within(reflect.ValueOf(in))
}
