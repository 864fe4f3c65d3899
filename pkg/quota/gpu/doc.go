// Package gpu tells from a Pod's status how long it held devices. A device is a Pod's
// from when its node took the Pod until the Pod ended, whatever its containers do
// meanwhile. Everything is computed from the Pod, so that it can be computed again.
package gpu
