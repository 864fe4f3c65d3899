// Command webhook decides admission: who writes, in whose namespace, what the policies
// say, what the quota holds. Every replica answers; none leads.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/logging"
	"gatehouse.dev/gatehouse/pkg/serving"
)

const usage = `Usage: webhook --config FILE [flags]

Answers the API server's admission reviews. Writes one JSON line a decision to the
decision log and its own log to stderr. On SIGTERM it stops being ready, goes on
answering for the drain period, finishes what is under way and exits 0.

Example:
  webhook --config gatehouse.yaml --kubeconfig webhook.kubeconfig \
      --listen 127.0.0.1:9443 --metrics-listen 127.0.0.1:8080 \
      --identity webhook-0 --decision-log decisions.log

Flags:
`

// Exit codes: wrong use is told apart from what happened later.
const (
	exitFailed = 1
	exitMisuse = 2
)

// options are the flags.
type options struct {
	config, listen, metricsListen, identity, decisionLog string

	drainPeriod time.Duration
	verbosity   int
}

func main() {
	serving.RelaxTimers()
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("webhook", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.config, "config", "", "configuration `FILE`, required")
	flags.StringVar(&o.listen, "listen", "", "`ADDRESS` for the API server's calls; overrides webhook.listen")
	flags.StringVar(&o.metricsListen, "metrics-listen", "127.0.0.1:8080", "`ADDRESS` that serves /metrics, /healthz and /readyz over plain HTTP")
	flags.StringVar(&o.identity, "identity", "", "`NAME` of this replica, for its Lease; the host name if empty")
	flags.StringVar(&o.decisionLog, "decision-log", "", "`FILE` that decisions are appended to; stdout if empty")
	flags.DurationVar(&o.drainPeriod, "drain-period", -1, "how long to go on answering after SIGTERM; negative means webhook.drainPeriod")
	flags.IntVar(&o.verbosity, "v", 0, "verbosity of the log on stderr, 0 to 4")
	ctrl.RegisterFlags(flags) // --kubeconfig
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitMisuse
	case o.config == "" || flags.NArg() > 0:
		fmt.Fprintln(stderr, "webhook: --config FILE is required and nothing else is expected; see --help")
		return exitMisuse
	}
	logger, flush, err := logging.New(logging.Options{Verbosity: o.verbosity})
	if err != nil {
		fmt.Fprintln(stderr, "webhook:", err)
		return exitFailed
	}
	defer flush()
	ctrl.SetLogger(logger)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	if err := serve(ctx, o, logger); err != nil {
		logger.Error(err, "webhook stopped")
		return exitFailed
	}
	return 0
}

// serve reads the configuration, puts the server together and runs it until ctx ends.
func serve(ctx context.Context, o options, logger logr.Logger) error {
	c, err := config.Load(o.config)
	if err != nil {
		return err
	}
	if o.listen != "" {
		c.Webhook.Listen = o.listen
	}
	if o.drainPeriod >= 0 {
		c.Webhook.DrainPeriod.Duration = o.drainPeriod
	}
	if o.identity == "" {
		if o.identity, err = os.Hostname(); err != nil {
			return fmt.Errorf("identity: %w", err)
		}
	}
	connection, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	connection.UserAgent = "gatehouse-webhook/" + o.identity
	s, err := newServer(ctx, c, connection, o, logger.WithValues("identity", o.identity))
	if err != nil {
		return err
	}
	defer s.close()
	return s.group.Run(ctx)
}
