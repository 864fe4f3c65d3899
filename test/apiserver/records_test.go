package apiserver

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lines reads a JSON-lines file and keeps what mentions the needle.
func lines(path, needle string) []map[string]any {
	GinkgoHelper()
	file, err := os.Open(path)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = file.Close() }()
	var out []map[string]any
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		if !strings.Contains(scanner.Text(), needle) {
			continue
		}
		var record map[string]any
		Expect(json.Unmarshal(scanner.Bytes(), &record)).To(Succeed())
		out = append(out, record)
	}
	Expect(scanner.Err()).NotTo(HaveOccurred())
	return out
}

var _ = Describe("A decision", Ordered, func() {
	It("leaves one log line, and the audit log names the author", func(ctx SpecContext) {
		alice := home.as("alice")
		made, err := alice.create(ctx, aliceNS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: recorded-once}\n")
		Expect(err).NotTo(HaveOccurred())
		correlation := made.GetAnnotations()["gatehouse.dev/correlation-id"]
		Expect(correlation).NotTo(BeEmpty())
		Eventually(func() int { return len(lines(home.env["DECISION_LOG"], correlation)) }).WithContext(ctx).WithTimeout(soon).Should(Equal(1))
		record, err := json.Marshal(lines(home.env["DECISION_LOG"], correlation)[0])
		Expect(err).NotTo(HaveOccurred())
		Expect(string(record)).To(And(ContainSubstring("local:alice"), ContainSubstring("recorded-once"), ContainSubstring("allowed")))
		Expect(string(record)).NotTo(ContainSubstring(made.GetAnnotations()["gatehouse.dev/passport"]))
		Eventually(func() string {
			var all []string
			for _, event := range lines(home.env["AUDIT_LOG"], "recorded-once") {
				text, err := json.Marshal(event["annotations"])
				Expect(err).NotTo(HaveOccurred())
				all = append(all, string(text))
			}
			return strings.Join(all, "\n")
		}).WithContext(ctx).WithTimeout(soon).Should(And(ContainSubstring(correlation), ContainSubstring("local:alice")))
		Expect(alice.kube.CoreV1().ConfigMaps(aliceNS).Delete(ctx, "recorded-once", metav1.DeleteOptions{})).To(Succeed())
	}, SpecTimeout(2*time.Minute))
})
