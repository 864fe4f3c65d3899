package command

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/test/cluster/process"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

var signals = map[string]syscall.Signal{
	"TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL, "INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT,
}

func stop() *cobra.Command {
	var name string
	cmd := onProcess("stop", "End one process; it stays ended until it is started", "  cluster stop webhook-0 --signal KILL",
		func(cmd *cobra.Command, remote *process.Remote, target string) error {
			signal, found := signals[name]
			if !found {
				return fmt.Errorf("signal %q; want TERM, KILL, INT or QUIT", name)
			}
			return remote.Stop(cmd.Context(), target, signal)
		})
	cmd.Flags().StringVar(&name, "signal", "TERM", "TERM, KILL, INT or QUIT")
	return cmd
}

func start() *cobra.Command {
	var limit time.Duration
	cmd := onProcess("start", "Start a process that has ended and wait until it is ready", "  cluster start webhook-0",
		func(cmd *cobra.Command, remote *process.Remote, target string) error {
			if err := remote.Restart(cmd.Context(), target); err != nil {
				return err
			}
			return waitReady(cmd.Context(), remote, target, limit)
		})
	readyFlag(cmd, &limit)
	return cmd
}

func restart() *cobra.Command {
	var limit time.Duration
	cmd := onProcess("restart", "End a process, start it again and wait until it is ready", "  cluster restart kube-apiserver",
		func(cmd *cobra.Command, remote *process.Remote, target string) error {
			if err := remote.Stop(cmd.Context(), target, syscall.SIGTERM); err != nil {
				return err
			}
			if err := remote.Restart(cmd.Context(), target); err != nil {
				return err
			}
			return waitReady(cmd.Context(), remote, target, limit)
		})
	readyFlag(cmd, &limit)
	return cmd
}

func readyFlag(cmd *cobra.Command, limit *time.Duration) {
	cmd.Flags().DurationVar(limit, "timeout", time.Minute, "how long to wait until it is ready; 0 does not wait")
}

func onProcess(name, short, example string, act func(*cobra.Command, *process.Remote, string) error) *cobra.Command {
	return &cobra.Command{
		Use:     name + " PROCESS",
		Short:   short,
		Example: example,
		Args:    cobra.ExactArgs(1),
		RunE: onSupervisor(func(cmd *cobra.Command, remote *process.Remote, args []string) error {
			return act(cmd, remote, args[0])
		}),
	}
}

// onSupervisor hands what a command does the supervisor of its cluster.
func onSupervisor(act func(*cobra.Command, *process.Remote, []string) error) func(*cobra.Command, []string) error {
	return onCluster(func(cmd *cobra.Command, dir state.Dir, args []string) error {
		remote, err := process.Connect(dir)
		if err != nil {
			return err
		}
		return act(cmd, remote, args)
	})
}

// waitReady returns when a process is ready, has ended or the limit has passed.
func waitReady(ctx context.Context, remote *process.Remote, name string, limit time.Duration) error {
	if limit == 0 {
		return nil
	}
	deadline := time.Now().Add(limit)
	for {
		reports, err := remote.Reports(ctx)
		if err != nil {
			return err
		}
		for _, report := range reports {
			if report.Process != name {
				continue
			}
			if report.Ready {
				return nil
			}
			if report.PID == 0 || time.Now().After(deadline) {
				return fmt.Errorf("%s is not ready: %s; see %s", name, report.Message, report.Log)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
