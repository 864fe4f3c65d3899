package attacks

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// follower reads the decision log from where it stood.
type follower struct {
	path  string
	begin int64
}

// decided is what a decision log says of a time.
type decided struct {
	classes map[string]int
	// kinds are the writes of controllers and nodes, by kind.
	kinds  map[string]int
	denied []string
	// late are writes of controllers for an owner that was deleted in the meantime: what
	// they made would be nobody's, and gone with the next collection of garbage.
	late int
}

func (w *world) follow() follower {
	GinkgoHelper()
	raw, err := os.ReadFile(filepath.Join(w.state, "env"))
	Expect(err).NotTo(HaveOccurred())
	for line := range strings.Lines(string(raw)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "DECISION_LOG="); ok {
			path = strings.Trim(path, `'"`)
			info, err := os.Stat(path)
			Expect(err).NotTo(HaveOccurred())
			return follower{path, info.Size()}
		}
	}
	Fail("no DECISION_LOG in env")
	return follower{}
}

func (f follower) since() decided {
	GinkgoHelper()
	file, err := os.Open(f.path)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = file.Close() }()
	_, err = file.Seek(f.begin, io.SeekStart)
	Expect(err).NotTo(HaveOccurred())
	out := decided{classes: map[string]int{}, kinds: map[string]int{}}
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var line struct{ Outcome, Class, Kind, User, Message, Resource string }
		if json.Unmarshal(scanner.Bytes(), &line) != nil {
			continue // the last line may still be on its way
		}
		out.classes[line.Class]++
		if line.Class == "controller" || line.Class == "node" {
			out.kinds[line.Kind]++
		}
		switch {
		case line.Class == "controller" && strings.HasPrefix(line.Message, "denied by identity/no-owner: the controller owner "):
			out.late++
		case line.Outcome == "denied":
			out.denied = append(out.denied, fmt.Sprintf("%s %s: %s", line.User, line.Resource, line.Message))
		}
	}
	Expect(scanner.Err()).NotTo(HaveOccurred())
	return out
}

var columns = []string{"create", "apply", "PUT", "JSON patch", "merge patch", "strategic merge patch", "delete", "deletecollection", "connect", "dry run"}

// total counts what was stored or would not be, dry runs left out, and its kinds.
func (d *day) total() (writes, kinds int) {
	seen := map[string]bool{}
	for key, n := range d.counts {
		if key[1] != "dry run" {
			writes += n
			seen[key[0]] = true
		}
	}
	return writes, len(seen)
}

func (d *day) print(log decided, took time.Duration) {
	rows := map[string]bool{}
	for key := range d.counts {
		rows[key[0]] = true
	}
	for kind := range log.kinds {
		rows[kind] = true
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	_, _ = fmt.Fprintf(out, "\nkind\t%s\tby controllers\t\n", strings.Join(columns, "\t"))
	sums := make([]int, len(columns)+1)
	line := func(name string, cells []int) {
		texts := make([]string, len(cells))
		for i, n := range cells {
			texts[i] = strings.TrimPrefix(fmt.Sprint(n), "0")
			if n > 0 {
				texts[i] = fmt.Sprint(n)
			}
		}
		_, _ = fmt.Fprintf(out, "%s\t%s\t\n", name, strings.Join(texts, "\t"))
	}
	for _, kind := range sorted(rows) {
		cells := make([]int, 0, len(columns)+1)
		for _, how := range columns {
			cells = append(cells, d.counts[[2]string{kind, how}])
		}
		cells = append(cells, log.kinds[kind])
		for i, n := range cells {
			sums[i] += n
		}
		line(kind, cells)
	}
	line("all", sums)
	_ = out.Flush()
	writes, kinds := d.total()
	fmt.Printf("\nan honest day: %d writes of %d kinds by two tenants, %d dry runs, %d writes of controllers (decisions by class: %v); %d refused, %d denied, %d late for a deleted owner, %.0f s\n",
		writes, kinds, sums[len(columns)-1], sums[len(columns)], log.classes, len(d.wrong), len(log.denied), log.late, took.Seconds())
}
