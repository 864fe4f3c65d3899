// Command gatehouse is the command line of Gatehouse.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"gatehouse.dev/gatehouse/pkg/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], cli.Env{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Now: time.Now})
	stop()
	os.Exit(code)
}
