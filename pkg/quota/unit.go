package quota

import "strings"

// units of the dimensions that ship; a policy's own dimension counts what it demands.
var units = map[string]string{
	"sessions":          "sessions",
	"session-starts":    "sessions",
	"session-length":    "seconds",
	"stored-sessions":   "objects",
	"pods":              "objects",
	"cpu":               "cores",
	"memory":            "bytes",
	"ephemeral-storage": "bytes",
	"gpu":               "devices",
	"gpu-seconds":       "device seconds",
	"storage":           "bytes",
	"claims":            "objects",
	"services":          "objects",
	"secrets":           "objects",
	"configmaps":        "objects",
	"tokens":            "tokens",
	"spend":             "USD",
}

// Unit is what a dimension's amounts are in; "" for a policy's own. tokens.<model> are
// tokens of one model.
func Unit(dimension string) string {
	base, _, _ := strings.Cut(dimension, ".")
	return units[base]
}
