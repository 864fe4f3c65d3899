package config

import (
	"path/filepath"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// minRecordings is the least room for recordings, in bytes.
const minRecordings = 1 << 20

// Recordings keep decisions in tenants' namespaces, with their secrets replaced by keyed
// hashes, so that other policies can be asked about them: gatehouse replay. An empty
// Directory records nothing.
type Recordings struct {
	// Directory holds the files, which their owner alone can read.
	Directory string `json:"directory,omitempty"`
	// Sample is the part of decisions that is recorded, above 0 up to 1.
	Sample float64 `json:"sample,omitempty"`
	// MaxBytes is the most that all files together hold; the oldest go first.
	MaxBytes int64 `json:"maxBytes,omitempty"`
	// KeyFile holds the key of the hashes, at least 32 bytes. Who has it can find out by
	// trial what a hash stands for.
	KeyFile string `json:"keyFile,omitempty"`
}

func validateRecordings(r Recordings, path *field.Path) field.ErrorList {
	var all field.ErrorList
	if r.Directory == "" {
		if r.KeyFile != "" {
			all = append(all, field.Required(path.Child("directory"), "nothing is recorded without it"))
		}
		return all
	}
	if !filepath.IsAbs(r.Directory) {
		all = append(all, field.Invalid(path.Child("directory"), r.Directory, "must be an absolute path"))
	}
	if r.Sample <= 0 || r.Sample > 1 {
		all = append(all, field.Invalid(path.Child("sample"), r.Sample, "must be above 0 and at most 1; to record nothing, leave the directory out"))
	}
	if r.MaxBytes < minRecordings {
		all = append(all, field.Invalid(path.Child("maxBytes"), r.MaxBytes, "must be at least 1048576"))
	}
	if r.KeyFile == "" {
		all = append(all, field.Required(path.Child("keyFile"), "secrets are replaced by hashes under its key"))
	}
	return all
}
