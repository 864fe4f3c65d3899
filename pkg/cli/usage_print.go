package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// barWidth is how many characters a full bar has.
const barWidth = 20

func (u *usageCommand) print(all []v1alpha1.UsageStatus) error {
	out := u.who.env.Out
	switch u.out {
	case formatJSON:
		if !u.all {
			return writeJSON(out, all[0])
		}
		return writeJSON(out, all)
	case formatCSV:
		return writeUsageCSV(out, all)
	}
	for i, status := range all {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := u.printOne(out, status); err != nil {
			return err
		}
	}
	return nil
}

func (u *usageCommand) printOne(out io.Writer, s v1alpha1.UsageStatus) error {
	fmt.Fprintf(out, "tenant %s (%s), organization %s, tier %s\n", cell(s.Tenant), cell(s.User), cell(s.Organization), cell(s.Tier))
	t := table{}
	t.add("DIMENSION", "USED", "RESERVED", "LIMIT", "USE", "%", "RESETS", "UNIT")
	for _, d := range s.Dimensions {
		if !u.idle && d.Used.IsZero() && d.Reserved.IsZero() && d.Dimension != "sessions" {
			continue
		}
		t.add(d.Dimension, d.Used.String(), d.Reserved.String(), d.Limit+windowOf(d), bar(d), percentOf(d), u.resets(d), d.Unit)
	}
	return t.write(out)
}

// bar shows how much of a limit is used; without a limit to compare with it is empty.
func bar(d v1alpha1.UsageDimension) string {
	if d.Percent == nil {
		return strings.Repeat("·", barWidth)
	}
	full := min(barWidth, int(*d.Percent)*barWidth/100)
	if full == 0 && *d.Percent > 0 {
		full = 1
	}
	return strings.Repeat("█", full) + strings.Repeat("░", barWidth-full)
}

func percentOf(d v1alpha1.UsageDimension) string {
	if d.Percent == nil {
		return ""
	}
	return strconv.Itoa(int(*d.Percent)) + "%"
}

func windowOf(d v1alpha1.UsageDimension) string {
	if d.Window == "" || d.Window == v1alpha1.WindowNone {
		return ""
	}
	return " a " + string(d.Window)
}

func (u *usageCommand) resets(d v1alpha1.UsageDimension) string {
	if d.ResetsAt == nil {
		return ""
	}
	return "in " + d.ResetsAt.Sub(u.who.env.Now()).Round(time.Minute).String()
}

// writeUsageCSV writes a line a tenant and dimension, amounts as plain numbers.
func writeUsageCSV(out io.Writer, all []v1alpha1.UsageStatus) error {
	w := csv.NewWriter(out)
	if err := w.Write([]string{"organization", "tenant", "user", "tier", "dimension", "unit", "used", "reserved", "limit", "window", "window_start", "resets_at"}); err != nil {
		return err
	}
	for _, s := range all {
		for _, d := range s.Dimensions {
			var start, end string
			if d.WindowStart != nil && d.ResetsAt != nil {
				start, end = d.WindowStart.UTC().Format(time.RFC3339), d.ResetsAt.UTC().Format(time.RFC3339)
			}
			used, reserved := d.Used.DeepCopy(), d.Reserved.DeepCopy()
			row := []string{s.Organization, s.Tenant, s.User, s.Tier, d.Dimension, d.Unit, used.AsDec().String(), reserved.AsDec().String(), plainLimit(d.Limit), string(d.Window), start, end}
			for i := range row {
				row[i] = inert(row[i])
			}
			if err := w.Write(row); err != nil {
				return err
			}
		}
	}
	w.Flush()
	return w.Error()
}

// inert keeps a spreadsheet from taking a name for a formula.
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// plainLimit is a limit as a plain number, or unlimited.
func plainLimit(limit string) string {
	q, err := resource.ParseQuantity(limit)
	if err != nil {
		return limit
	}
	return q.AsDec().String()
}
