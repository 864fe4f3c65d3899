package home

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
)

// notPublic are the ranges that are no public web, IPv4 and IPv6: what IANA's
// special-purpose registries call not globally reachable (this host, private,
// carrier-grade and link-local networks with the cloud's metadata address, benchmark,
// documentation, segment routing), multicast, the wire server of Azure, and every way to
// write an IPv4 address in IPv6.
var (
	notPublic4 = []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32",
		"169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
		"192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"224.0.0.0/4", "240.0.0.0/4",
	}
	notPublic6 = []string{
		"::/64", "64:ff9b::/96", "64:ff9b:1::/48", "100::/63", "2001::/23", "2001:db8::/32",
		"2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
	}
)

const namespaceName = "kubernetes.io/metadata.name"

// networkPolicies deny everything in both directions and then allow what a session
// needs. Policies only ever add up, so no other policy takes the first one back.
func networkPolicies(s Spec) []Object {
	return []Object{
		&wall{policy(s, "gatehouse-default-deny", networkingv1ac.NetworkPolicySpec().
			WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress))},
		policy(s, "gatehouse-allow-dns", egress(
			networkingv1ac.NetworkPolicyEgressRule().WithTo(inNamespace("kube-system").WithPodSelector(resolvers())).
				WithPorts(port(corev1.ProtocolUDP, 53), port(corev1.ProtocolTCP, 53)))),
		policy(s, "gatehouse-allow-system", egress(
			networkingv1ac.NetworkPolicyEgressRule().WithTo(inNamespace(s.SystemNamespace).WithPodSelector(notOurServers())))),
		policy(s, "gatehouse-allow-web", egress(
			networkingv1ac.NetworkPolicyEgressRule().WithTo(
				block("0.0.0.0/0", notPublic4...),
				block("::/0", notPublic6...),
			).WithPorts(port(corev1.ProtocolTCP, 80), port(corev1.ProtocolTCP, 443)))),
	}
}

// policy is for every Pod of the namespace.
func policy(s Spec, name string, spec *networkingv1ac.NetworkPolicySpecApplyConfiguration) *networkingv1ac.NetworkPolicyApplyConfiguration {
	return networkingv1ac.NetworkPolicy(name, s.Namespace).
		WithLabels(s.labels()).WithAnnotations(s.annotations()).
		WithSpec(spec.WithPodSelector(metav1ac.LabelSelector()))
}

func egress(rules ...*networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration) *networkingv1ac.NetworkPolicySpecApplyConfiguration {
	return networkingv1ac.NetworkPolicySpec().WithPolicyTypes(networkingv1.PolicyTypeEgress).WithEgress(rules...)
}

func inNamespace(name string) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	return networkingv1ac.NetworkPolicyPeer().WithNamespaceSelector(
		metav1ac.LabelSelector().WithMatchLabels(map[string]string{namespaceName: name}))
}

// resolvers are the Pods of CoreDNS and of kube-dns alike. What else of kube-system listens
// on port 53 answers no tenant.
func resolvers() *metav1ac.LabelSelectorApplyConfiguration {
	return metav1ac.LabelSelector().WithMatchLabels(map[string]string{"k8s-app": "kube-dns"})
}

// notOurServers leaves the webhook and the provisioner out of tenants' reach. The webhook
// believes the user in a review, since only the API server is to send it one: who could
// send one herself would have passports minted and quota reserved in anybody's name.
func notOurServers() *metav1ac.LabelSelectorApplyConfiguration {
	return metav1ac.LabelSelector().WithMatchExpressions(
		metav1ac.LabelSelectorRequirement().WithKey(LabelServer).WithOperator(metav1.LabelSelectorOpDoesNotExist))
}

func block(cidr string, except ...string) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	return networkingv1ac.NetworkPolicyPeer().WithIPBlock(networkingv1ac.IPBlock().WithCIDR(cidr).WithExcept(except...))
}

func port(protocol corev1.Protocol, number int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return networkingv1ac.NetworkPolicyPort().WithProtocol(protocol).WithPort(intstr.FromInt32(number))
}
