// Command manifests writes what is generated of config/, charts/gatehouse and docs from
// one table, or verifies that it is as the table says.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

const usage = `manifests writes the generated parts of config/, charts/gatehouse and docs.

  go run ./test/manifests            write what changed
  go run ./test/manifests -verify    change nothing; exit 1 and list what would change

Flags:
`

func main() {
	verify := flag.Bool("verify", false, "change nothing; exit 1 when a file is not as generated")
	root := flag.String("root", ".", "the repository")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "manifests: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	count := 0
	var changed []string
	for _, stage := range []func(string) ([]output, error){generate, generateChart} {
		outputs, err := stage(*root)
		if err != nil {
			fmt.Fprintln(os.Stderr, "manifests:", err)
			os.Exit(1)
		}
		written, err := write(*root, outputs, *verify)
		if err != nil {
			fmt.Fprintln(os.Stderr, "manifests:", err)
			os.Exit(1)
		}
		count += len(outputs)
		changed = append(changed, written...)
	}
	switch {
	case *verify && len(changed) > 0:
		fmt.Fprintf(os.Stderr, "manifests: not as generated, run `go run ./test/manifests`:\n  %s\n", strings.Join(changed, "\n  "))
		os.Exit(1)
	case *verify:
		fmt.Printf("manifests: %d files as generated\n", count)
	default:
		fmt.Printf("manifests: %d files, %d changed\n", count, len(changed))
	}
}
