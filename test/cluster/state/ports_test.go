package state

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
)

func TestPortsAreDistinctAndHeld(t *testing.T) {
	ports := NewPorts(nil)
	defer ports.ReleaseAll()
	seen := map[string]bool{}
	for _, name := range []string{"a", "b", "c", "d"} {
		address, err := ports.Reserve(t.Context(), name)
		must(t, err)
		if seen[address] {
			t.Fatalf("%s was handed out twice", address)
		}
		seen[address] = true
		if _, err := net.Listen("tcp", address); !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatalf("%s is not held: %v", address, err)
		}
	}
}

func TestReleasedPortCanBeBound(t *testing.T) {
	ports := NewPorts(nil)
	defer ports.ReleaseAll()
	address, err := ports.Reserve(t.Context(), "a")
	must(t, err)
	ports.Release("a", "never-reserved")
	listener, err := net.Listen("tcp", address)
	must(t, err)
	listener.Close()
}

func TestForcedPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	_, err = NewPorts(map[string]int{"apiserver": port}).Reserve(t.Context(), "apiserver")
	if err == nil || !strings.Contains(err.Error(), "wanted for apiserver, is in use") {
		t.Fatalf("got %v, want the port and who wanted it", err)
	}
}
