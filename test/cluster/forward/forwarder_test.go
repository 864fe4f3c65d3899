package forward

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// backend answers every line with its name until it is closed.
func backend(t *testing.T, name string) (address string, kill func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				lines := bufio.NewScanner(connection)
				for lines.Scan() {
					fmt.Fprintln(connection, name)
				}
			}()
		}
	}()
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String(), func() { listener.Close() }
}

func serve(t *testing.T, backends ...string) string {
	t.Helper()
	forwarder, err := New(backends)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- forwarder.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return listener.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return connection
}

func ask(t *testing.T, connection net.Conn) string {
	t.Helper()
	fmt.Fprintln(connection, "who?")
	answer, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	return answer[:len(answer)-1]
}

func TestSpreadsConnections(t *testing.T) {
	a, _ := backend(t, "a")
	b, _ := backend(t, "b")
	c, _ := backend(t, "c")
	front := serve(t, a, b, c)
	got := map[string]int{}
	for range 30 {
		got[ask(t, dial(t, front))]++
	}
	if diff := cmp.Diff(map[string]int{"a": 10, "b": 10, "c": 10}, got); diff != "" {
		t.Fatalf("connections are spread unevenly (-want +got):\n%s", diff)
	}
}

func TestSkipsDeadBackends(t *testing.T) {
	a, _ := backend(t, "a")
	b, killB := backend(t, "b")
	front := serve(t, a, b)
	killB()
	for range 10 {
		if got := ask(t, dial(t, front)); got != "a" {
			t.Fatalf("a dead backend answers: %s", got)
		}
	}
}

func TestKeepsHealthyConnections(t *testing.T) {
	a, _ := backend(t, "a")
	b, killB := backend(t, "b")
	front := serve(t, a, b)
	kept := dial(t, front)
	if got := ask(t, kept); got != "a" {
		t.Fatalf("first connection goes to %s", got)
	}
	killB()
	for range 4 {
		ask(t, dial(t, front))
		if got := ask(t, kept); got != "a" {
			t.Fatalf("the connection moved to %s", got)
		}
	}
}

func TestAllDeadEndsTheConnection(t *testing.T) {
	a, kill := backend(t, "a")
	kill()
	connection := dial(t, serve(t, a))
	if _, err := connection.Read(make([]byte, 1)); err == nil {
		t.Fatal("a connection without a backend stays open")
	}
}

func TestHalfCloseArrives(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		text, _ := io.ReadAll(connection)
		fmt.Fprintf(connection, "%d bytes", len(text))
	}()
	connection := dial(t, serve(t, listener.Addr().String()))
	fmt.Fprint(connection, "hello")
	if err := connection.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(connection)
	if err != nil || string(answer) != "5 bytes" {
		t.Fatalf("got %q, %v", answer, err)
	}
}

func TestNoBackends(t *testing.T) {
	if _, err := New(nil); err == nil {
		t.Fatal("a forwarder without backends was made")
	}
}
