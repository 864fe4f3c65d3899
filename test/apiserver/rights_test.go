package apiserver

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var update = flag.Bool("update", false, "write the golden files of rights anew; go test ./test/apiserver/attacks -update writes the page from them")

var _ = Describe("Rights", Ordered, func() {
	// rights is what kubectl says a role may in alice's namespace.
	rights := func(ctx SpecContext, as *user, args ...string) string {
		GinkgoHelper()
		out, err := as.kubectl(ctx, "", append([]string{"-n", aliceNS, "auth", "can-i", "--list"}, args...)...)
		Expect(err).NotTo(HaveOccurred(), out)
		var lines []string
		for line := range strings.Lines(out) {
			lines = append(lines, strings.TrimRight(line, " \n"))
		}
		return strings.Join(lines, "\n") + "\n"
	}
	golden := func(role, got string) {
		GinkgoHelper()
		path := filepath.Join("testdata", "rights-"+role+".txt")
		if *update {
			Expect(os.WriteFile(path, []byte(got), 0o600)).To(Succeed())
		}
		want, err := os.ReadFile(path) //nolint:gosec // a file of this folder
		Expect(err).NotTo(HaveOccurred())
		Expect(got).To(Equal(string(want)), "the rights of a %s", role)
	}

	It("are what the golden files say, for each role", func(ctx SpecContext) {
		admin := home.as("admin")
		auditor := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "spec-auditor"},
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "gatehouse:auditor"},
			Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "local:the-auditor"}}}
		_, err := admin.kube.RbacV1().RoleBindings(aliceNS).Create(ctx, auditor, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(admin.kube.RbacV1().RoleBindings(aliceNS).Delete(ctx, auditor.Name, metav1.DeleteOptions{})).To(Succeed())
		})
		account := "system:serviceaccount:" + aliceNS
		Eventually(func() string {
			return rights(ctx, admin, "--as=local:the-auditor", "--as-group=gatehouse:users", "--as-group=system:authenticated")
		}).WithContext(ctx).WithTimeout(soon).Should(ContainSubstring("configmaps"))

		golden("member", rights(ctx, home.as("alice")))
		golden("org-admin", rights(ctx, home.as("carol")))
		golden("auditor", rights(ctx, admin, "--as=local:the-auditor", "--as-group=gatehouse:users", "--as-group=system:authenticated"))
		golden("deployer", rights(ctx, admin, "--as="+account+":deployer", "--as-group=system:serviceaccounts",
			"--as-group=system:serviceaccounts:"+aliceNS, "--as-group=system:authenticated"))
	}, SpecTimeout(time.Minute))

	It("end at the border of the namespace: a person lists and watches only her own", func(ctx SpecContext) {
		alice := home.as("alice")
		for _, what := range []string{"pods", "secrets", "configmaps", "researchsessions", "namespaces", "tenants", "organizations", "quotaledgers", "nodes"} {
			for _, where := range [][]string{{"-A"}, {"-n", bobNS}} {
				for _, verb := range []string{"list", "watch"} {
					out, err := alice.kubectl(ctx, "", append([]string{"auth", "can-i", verb, what}, where...)...)
					Expect(err).To(HaveOccurred(), "%s %s %v: %s", verb, what, where, out)
					Expect(out).To(ContainSubstring("no"))
				}
			}
		}
	}, SpecTimeout(2*time.Minute))
})
