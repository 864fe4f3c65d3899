// Package process starts, watches and stops the processes of one local cluster. A
// supervisor in the background owns them; launchers talk to it over loopback. Processes
// that end are left ended: tests kill them on purpose. It imports package api for
// transports and package state for paths.
package process

import (
	"time"
)

// Spec is how to start a process and how to know that it is ready.
type Spec struct {
	Name    string   `json:"name"`
	Path    string   `json:"path"`
	Args    []string `json:"args,omitempty"`
	Env     []string `json:"env,omitempty"` // added to the supervisor's own
	Address string   `json:"address,omitempty"`
	Ready   Probe    `json:"ready"`
	// Layer orders the shutdown: the highest goes first, as it rests on the lower ones.
	Layer int `json:"layer,omitempty"`
}

// Layers of a cluster, from the ground up.
const (
	LayerStore = iota
	LayerAPI
	LayerControl
	LayerGatehouse
)

// Status is what the supervisor knows of a process.
type Status struct {
	Spec    Spec      `json:"spec"`
	PID     int       `json:"pid"` // 0 when it does not run
	Started time.Time `json:"started"`
	Exit    string    `json:"exit,omitempty"` // how it ended, when it does not run
}

// Running says whether the process is there.
func (s Status) Running() bool { return s.PID != 0 }

// Report is a line of `cluster status`.
type Report struct {
	Process string `json:"process"`
	PID     int    `json:"pid,omitempty"`
	Ready   bool   `json:"ready"`
	RSS     int64  `json:"rssBytes,omitempty"` // resident memory in bytes
	Address string `json:"address,omitempty"`
	Message string `json:"message,omitempty"` // why it is not ready
	Log     string `json:"log,omitempty"`
}
