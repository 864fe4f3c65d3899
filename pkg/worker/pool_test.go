package worker

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

func TestGoNeverWaits(t *testing.T) {
	t.Parallel()
	p := New(2)
	var begun, ended sync.WaitGroup
	release := make(chan struct{})
	for range 64 {
		begun.Add(1)
		ended.Add(1)
		p.Go(func() {
			begun.Done()
			<-release
			ended.Done()
		})
	}
	begun.Wait() // hangs where one waits for another
	close(release)
	ended.Wait()
	for deadline := time.Now().Add(10 * time.Second); len(p.idle) < 2; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d are kept, want 2", len(p.idle))
		}
	}
}

func TestGoroutinesAreUsedAgain(t *testing.T) {
	t.Parallel()
	p := New(1)
	used := map[string]int{}
	for range 100 {
		name := make(chan string)
		p.Go(func() { name <- goroutine() })
		used[<-name]++
		for len(p.idle) == 0 {
			runtime.Gosched()
		}
	}
	if len(used) != 1 {
		t.Errorf("100 functions, one after the other, ran on %d goroutines: %v", len(used), used)
	}
}

// goroutine names the one that asks: the first line of its stack is "goroutine <n> [running]:".
func goroutine() string {
	line := make([]byte, 24)
	return string(line[:runtime.Stack(line, false)])
}

func BenchmarkGo(b *testing.B) {
	done := make(chan struct{})
	var deep func(n int) int
	deep = func(n int) int {
		var room [512]byte
		if n == 0 {
			return int(room[0])
		}
		return deep(n-1) + int(room[1])
	}
	job := func() {
		_ = deep(40)
		done <- struct{}{}
	}
	b.Run("pool", func(b *testing.B) {
		p := New(1)
		for b.Loop() {
			p.Go(job)
			<-done
		}
	})
	b.Run("go", func(b *testing.B) {
		for b.Loop() {
			go job()
			<-done
		}
	})
}
