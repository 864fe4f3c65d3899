package process

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

// supervisorName is the supervisor's own name among the pid and log files.
const supervisorName = "cluster"

// address is what control.json holds: where the supervisor listens and the token that
// lets its owner in. Loopback is open to every user of the machine.
type address struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

// Serve runs a supervisor until ctx ends or a launcher asks it to shut down; then it
// ends all its processes.
func Serve(ctx context.Context, dir state.Dir) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("supervisor: %w", err)
	}
	supervisor := NewSupervisor(dir)
	token := rand.Text()
	server := &http.Server{Handler: authorized(token, routes(supervisor, cancel)), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	if err := record(dir, supervisorName, os.Getpid()); err != nil {
		return err
	}
	// The file appears whole, and only when the supervisor answers.
	text, err := json.Marshal(address{URL: "http://" + listener.Addr().String(), Token: token})
	if err != nil {
		return err
	}
	if err := os.WriteFile(dir.Control()+".new", text, 0o600); err != nil {
		return fmt.Errorf("supervisor: %w", err)
	}
	if err := os.Rename(dir.Control()+".new", dir.Control()); err != nil {
		return fmt.Errorf("supervisor: %w", err)
	}
	<-ctx.Done()
	ending := context.WithoutCancel(ctx)
	err = supervisor.StopAll(ending)
	_ = os.Remove(dir.Control()) // without our pid file nobody follows it
	forget(dir, supervisorName)
	closing, done := context.WithTimeout(ending, time.Second)
	defer done()
	_ = server.Shutdown(closing)
	return err
}

func routes(supervisor *Supervisor, shutdown func()) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /processes", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(supervisor.Status())
	})
	mux.HandleFunc("POST /processes", func(w http.ResponseWriter, r *http.Request) {
		var spec Spec
		if err := json.NewDecoder(r.Body).Decode(&spec); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w, supervisor.Start(spec))
	})
	mux.HandleFunc("POST /processes/{name}/start", func(w http.ResponseWriter, r *http.Request) {
		answer(w, supervisor.Restart(r.PathValue("name")))
	})
	mux.HandleFunc("POST /processes/{name}/stop", func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.Atoi(r.URL.Query().Get("signal"))
		if err != nil {
			http.Error(w, "no signal", http.StatusBadRequest)
			return
		}
		answer(w, supervisor.Stop(r.Context(), r.PathValue("name"), syscall.Signal(number)))
	})
	mux.HandleFunc("POST /shutdown", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		shutdown()
	})
	return mux
}

func answer(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
	}
}

func authorized(token string, next http.Handler) http.Handler {
	want := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			http.Error(w, "not allowed", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
