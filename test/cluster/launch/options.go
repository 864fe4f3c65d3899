// Package launch brings a whole local cluster up and down: it builds, prepares, starts
// in order, waits and says how far it is. It may import every other package of the
// module except command.
package launch

import (
	"fmt"
	"io"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/authn"
	"gatehouse.dev/gatehouse/test/cluster/controlplane"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

// Options are what a user chooses.
type Options struct {
	Dir              state.Dir
	Repository       string // folder of the main module
	Assets           string // KUBEBUILDER_ASSETS
	Replicas         int    // of the webhook
	Credentials      controlplane.Credentials
	Alias            string // of the sample issuer
	IDTokenLifetime  time.Duration
	RequestTimeout   time.Duration  // of the API server
	Ports            map[string]int // forced ports by name
	ControlPlaneOnly bool
	Out              io.Writer // told how far it is
}

const (
	maxReplicas = 16
	minLifetime = 5 * time.Second
	minTimeout  = 5 * time.Second
)

// PortNames are the servers whose port may be forced.
var PortNames = []string{"apiserver", "etcd", "issuer", "webhook"}

// check refuses what cannot work before anything is touched.
func (o Options) check() error {
	if err := authn.CheckAlias(o.Alias); err != nil {
		return err
	}
	if o.Replicas < 1 || o.Replicas > maxReplicas {
		return fmt.Errorf("REPLICAS is %d; want 1 to %d", o.Replicas, maxReplicas)
	}
	if o.Credentials != controlplane.PerController && o.Credentials != controlplane.Shared {
		return fmt.Errorf("CREDENTIALS is %q; want %s or %s", o.Credentials, controlplane.PerController, controlplane.Shared)
	}
	if o.RequestTimeout < minTimeout {
		return fmt.Errorf("REQUEST_TIMEOUT is %s; want at least %s", o.RequestTimeout, minTimeout)
	}
	if o.IDTokenLifetime < minLifetime {
		return fmt.Errorf("id token lifetime is %s; want at least %s", o.IDTokenLifetime, minLifetime)
	}
	for name, port := range o.Ports {
		if !known(name) {
			return fmt.Errorf("port of %q cannot be chosen; want one of %v", name, PortNames)
		}
		if port < 1 || port > 65535 {
			return fmt.Errorf("port %d of %s is none", port, name)
		}
	}
	return nil
}

func known(name string) bool {
	for _, other := range PortNames {
		if name == other {
			return true
		}
	}
	return false
}
