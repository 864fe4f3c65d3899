package config

import (
	"time"
	_ "time/tzdata" // images have no zones of their own

	"k8s.io/apimachinery/pkg/util/validation/field"

	"gatehouse.dev/gatehouse/pkg/quota"
)

// Calendar says when the windows of limits begin.
func (c *Config) Calendar() quota.Calendar {
	zone, err := time.LoadLocation(c.Quota.TimeZone)
	if err != nil {
		return quota.Calendar{} // Load refuses such a name
	}
	return quota.Calendar{Zone: zone}
}

func validateTimeZone(name string, path *field.Path) field.ErrorList {
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return field.ErrorList{field.Invalid(path, name, "must be a time zone of the IANA database, such as Europe/Berlin")}
	}
	return nil
}
