package heap

import (
	"runtime"
	"testing"
)

func TestLive(t *testing.T) {
	runtime.GC()
	before := Live()
	held := make([]byte, 64<<20)
	runtime.GC()
	after := Live()
	runtime.KeepAlive(held)
	if before == 0 || after < before+uint64(len(held))/2 {
		t.Errorf("%d bytes in use, and %d with 64 MiB more", before, after)
	}
}
