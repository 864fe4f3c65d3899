// Command provisioner reconciles what Gatehouse's webhook decides over. Two run, one
// leads.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/logging"
	"gatehouse.dev/gatehouse/pkg/provision"
)

const usage = `Usage: provisioner --config FILE [flags]

Makes and keeps each tenant's namespace and guards, runs sessions as Jobs, settles the quota
ledgers, makes and rotates the passport keys and tells the API server which authority the
webhook's certificate has. Exits 0 on SIGTERM.

Example:
  provisioner --config gatehouse.yaml --kubeconfig provisioner.kubeconfig \
      --metrics-listen 127.0.0.1:9444 --identity provisioner-0

Flags:
`

// Exit codes: wrong use is told apart from what happened later.
const (
	exitFailed = 1
	exitMisuse = 2
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("provisioner", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	file := flags.String("config", "", "configuration `FILE`, required")
	metrics := flags.String("metrics-listen", "127.0.0.1:9444", "`ADDRESS` that serves /metrics, /healthz and /readyz over plain HTTP")
	records := flags.String("usage-records", "", "`FILE` to which closed intervals of device time are added, one CloudEvent a line; - is the standard output")
	identity := flags.String("identity", "", "`NAME` of this process in its log, for example provisioner-0")
	ctrl.RegisterFlags(flags) // --kubeconfig
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitMisuse
	case *file == "" || flags.NArg() > 0:
		fmt.Fprintln(stderr, "provisioner: --config FILE is required and nothing else is expected; see --help")
		return exitMisuse
	}
	logger, flush, err := logging.New(logging.Options{Sampled: true})
	if err != nil {
		fmt.Fprintln(stderr, "provisioner:", err)
		return exitFailed
	}
	defer flush()
	if *identity != "" {
		logger = logger.WithValues("identity", *identity)
	}
	if err := serve(*file, *metrics, *records, logger); err != nil {
		logger.Error(err, "provisioner stopped")
		return exitFailed
	}
	return 0
}

func serve(file, metrics, records string, logger logr.Logger) error {
	out, err := openRecords(records)
	if err != nil {
		return err
	}
	c, err := config.Load(file)
	if err != nil {
		return err
	}
	ctrl.SetLogger(logger)
	rest, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	ctx := ctrl.SetupSignalHandler()
	m, err := provision.NewManager(ctx, rest, provision.Options{Config: c, MetricsListen: metrics, UsageRecords: out, Logger: logger})
	if err != nil {
		return err
	}
	logger.Info("provisioner starts", "systemNamespace", c.SystemNamespace, "metrics", metrics)
	return m.Start(ctx)
}

// openRecords gives nil for no file.
func openRecords(file string) (io.Writer, error) {
	switch file {
	case "":
		return nil, nil
	case "-":
		return os.Stdout, nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("usage records: %w", err)
	}
	return f, nil
}
