package apiserver

import (
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// stranger logs in somebody of whom the platform does not know.
func (c *cluster) stranger(ctx SpecContext, login string) *user {
	GinkgoHelper()
	path, err := c.command(ctx, "kubeconfig "+login).Output()
	Expect(err).NotTo(HaveOccurred())
	return c.from(strings.TrimSpace(string(path)))
}

var _ = Describe("At the login", Ordered, func() {
	whoami := func(ctx SpecContext, u *user) (authenticationv1.UserInfo, error) {
		review, err := u.kube.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		if err != nil {
			return authenticationv1.UserInfo{}, err
		}
		return review.Status.UserInfo, nil
	}

	It("alice comes in as what her claims say", func(ctx SpecContext) {
		info, err := whoami(ctx, home.as("alice"))
		Expect(err).NotTo(HaveOccurred())
		Expect(info.Username).To(Equal("local:alice"))
		Expect(info.Groups).To(ContainElement("gatehouse:users"))
		Expect(info.Extra).To(HaveKeyWithValue("gatehouse.dev/email", authenticationv1.ExtraValue{"alice@acme.example"}))
		Expect(info.Extra).To(HaveKey("gatehouse.dev/issuer"))
	}, SpecTimeout(time.Minute))

	It("an address that its issuer did not verify stays out", func(ctx SpecContext) {
		_, err := whoami(ctx, home.stranger(ctx, "mallory-unverified"))
		Expect(apierrors.IsUnauthorized(err)).To(BeTrue(), "%v", err)
	}, SpecTimeout(time.Minute))

	for login, want := range map[string]struct{ name, group string }{
		"mallory-groups": {"local:mallory-groups", "local:system:masters"},
		"mallory-system": {"local:system:admin", ""},
	} {
		It(login+" gets no name and no group that is not her issuer's", func(ctx SpecContext) {
			mallory := home.stranger(ctx, login)
			info, err := whoami(ctx, mallory)
			Expect(err).NotTo(HaveOccurred())
			Expect(info.Username).To(Equal(want.name))
			for _, group := range info.Groups {
				Expect(group).To(Or(HavePrefix("local:"), Equal("gatehouse:users"), Equal("system:authenticated")))
			}
			if want.group != "" {
				Expect(info.Groups).To(ContainElement(want.group))
			}
			openRBAC(ctx, home.as("admin"))
			_, err = mallory.create(ctx, aliceNS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-mallory}\n")
			Expect(err).To(MatchError(ContainSubstring("denied by isolation/tenant-membership: ")))
			_, err = home.as("admin").kube.CoreV1().ConfigMaps(aliceNS).Get(ctx, "from-mallory", metav1.GetOptions{})
			Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)
		}, SpecTimeout(time.Minute))
	}

	It("a user without a verified claim has no address to be known by", func(ctx SpecContext) {
		for _, login := range []string{"no-verified-claim", "bare"} {
			info, err := whoami(ctx, home.stranger(ctx, login))
			Expect(err).NotTo(HaveOccurred())
			Expect(info.Extra).NotTo(HaveKey("gatehouse.dev/email"), login)
		}
	}, SpecTimeout(time.Minute))

	It("nobody of a tenant takes on another's name, her group or an account", func(ctx SpecContext) {
		for _, login := range []string{"alice", "carol"} {
			for _, as := range [][]string{
				{"--as=local:bob"},
				{"--as=" + "system:serviceaccount:" + bobNS + ":default"},
				{"--as=system:serviceaccount:kube-system:job-controller"},
				{"--as=local:" + login, "--as-group=system:masters"},
				{"--as=local:" + login, "--as-user-extra=gatehouse.dev/email=bob@globex.example"},
				{"--as=local:bob", "--as-uid=1"},
			} {
				out, err := home.as(login).kubectl(ctx, "", append([]string{"get", "--raw", "/api/v1/namespaces/" + bobNS}, as...)...)
				Expect(err).To(HaveOccurred())
				Expect(out).To(And(ContainSubstring("forbidden"), ContainSubstring("cannot impersonate")), "%s %v", login, as)
			}
		}
		By("an admin of the cluster, who may")
		out, err := home.as("admin").kubectl(ctx, "", "get", "--raw", "/api/v1/namespaces/"+bobNS, "--as=local:bob", "--as-group=gatehouse:users")
		Expect(err).NotTo(HaveOccurred(), out)
	}, SpecTimeout(time.Minute))

	It("an issuer may not be named like a part of the system", func(ctx SpecContext) {
		for _, alias := range []string{"system", "gatehouse", "platform"} {
			other := &cluster{state: filepath.Join(GinkgoT().TempDir(), "state")}
			out, err := other.command(ctx, "up --issuer-alias "+alias).CombinedOutput()
			Expect(err).To(HaveOccurred())
			Expect(string(out)).To(ContainSubstring("alias \"" + alias + "\" is reserved"))
			Expect(filepath.Join(other.state, "pids")).NotTo(BeADirectory())
		}
	}, SpecTimeout(time.Minute))
})
