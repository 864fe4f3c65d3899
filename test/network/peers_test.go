package network

import (
	"fmt"
	"maps"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
)

// probe is one port that every peer is asked on.
type probe struct {
	protocol corev1.Protocol
	port     int
}

func (p probe) String() string { return fmt.Sprintf("%s %d", p.protocol, p.port) }

// probes are the ports that policies name, those that they should not open beside them,
// and one that nobody names.
var probes = []probe{
	{corev1.ProtocolUDP, 53}, {corev1.ProtocolTCP, 53}, {corev1.ProtocolTCP, 80},
	{corev1.ProtocolTCP, 443}, {corev1.ProtocolUDP, 443}, {corev1.ProtocolTCP, 22},
	{corev1.ProtocolTCP, 6443}, {corev1.ProtocolTCP, 8080}, {corev1.ProtocolTCP, 9443},
	{corev1.ProtocolSCTP, 443}, {corev1.ProtocolTCP, 31999},
}

// peer is whom a packet goes to or comes from.
type peer struct {
	name string
	// addresses are of one peer: the answer must not depend on which.
	addresses []string
	// namespace and labels are set for Pods; Pods with hostNetwork have neither, since
	// policies see their node.
	namespace string
	labels    map[string]string
	// public addresses and Pods of alice's own namespace are what a tenant may open.
	public bool
}

func (p peer) traffic() []*matcher.TrafficPeer {
	var out []*matcher.TrafficPeer
	for _, address := range p.addresses {
		t := &matcher.TrafficPeer{IP: address}
		if p.namespace != "" {
			t.Internal = &matcher.InternalPeer{
				Namespace: p.namespace, PodLabels: p.labels, NamespaceLabels: namespaceLabels(p.namespace),
			}
		}
		out = append(out, t)
	}
	return out
}

// namespaceLabels are those that the API server and the provisioner set.
func namespaceLabels(namespace string) map[string]string {
	labels := map[string]string{"kubernetes.io/metadata.name": namespace}
	maps.Copy(labels, map[string]map[string]string{
		aliceNamespace: {"gatehouse.dev/tenant": "alice", "gatehouse.dev/organization": "acme"},
		bobNamespace:   {"gatehouse.dev/tenant": "bob", "gatehouse.dev/organization": "globex"},
	}[namespace])
	return labels
}

func pod(name, namespace string, number int, labels map[string]string) peer {
	return peer{name: name, namespace: namespace, labels: labels, addresses: []string{
		fmt.Sprintf("10.244.1.%d", number), fmt.Sprintf("fd00:10:244:1::%x", number),
	}}
}

// session is the Pod that everything is asked of.
var session = pod("alice's session", aliceNamespace, 10, map[string]string{"app": "session"})

var pods = []peer{
	pod("another Pod of alice's", aliceNamespace, 11, map[string]string{"app": "db"}),
	pod("bob's Pod", bobNamespace, 20, map[string]string{"app": "db"}),
	pod("bob's Pod that calls itself kube-dns", bobNamespace, 21, map[string]string{"k8s-app": "kube-dns"}),
	pod("the model gateway (`claude-runner-system`)", systemNamespace, 30, map[string]string{"app": "gateway"}),
	pod("the webhook (`claude-runner-system`)", systemNamespace, 31, map[string]string{"app.kubernetes.io/name": "gatehouse-webhook", "gatehouse.dev/server": "webhook"}),
	pod("the provisioner (`claude-runner-system`)", systemNamespace, 32, map[string]string{"app.kubernetes.io/name": "gatehouse-provisioner", "gatehouse.dev/server": "provisioner"}),
	pod("kube-dns (`kube-system`)", "kube-system", 40, map[string]string{"k8s-app": "kube-dns"}),
	pod("another Pod of `kube-system`", "kube-system", 41, map[string]string{"k8s-app": "metrics-server"}),
	pod("a Pod of `argocd` (no policy there)", "argocd", 50, map[string]string{"app": "argocd-server"}),
}

var addresses = []peer{
	{name: "nodes and Pods with hostNetwork", addresses: []string{"192.168.49.2", "10.0.12.7", "172.18.0.3", "fd00:192:168::2"}},
	{name: "Services, the API server's among them", addresses: []string{"10.96.0.1", "10.96.0.10", "172.20.0.1", "fd00:10:96::1"}},
	{name: "Pod addresses that belong to no Pod", addresses: []string{"10.244.7.7", "fd00:10:244:7::7"}},
	{name: "10.0.0.0/8", addresses: []string{"10.0.0.0", "10.0.0.1", "10.255.255.255"}},
	{name: "172.16.0.0/12", addresses: []string{"172.16.0.0", "172.31.255.255"}},
	{name: "192.168.0.0/16", addresses: []string{"192.168.0.0", "192.168.255.255"}},
	{name: "100.64.0.0/10", addresses: []string{"100.64.0.0", "100.127.255.255"}},
	{name: "fc00::/7", addresses: []string{"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}},
	{name: "loopback, this host", addresses: []string{"127.0.0.1", "127.255.255.255", "0.0.0.0", "::1", "::"}},
	{name: "link-local", addresses: []string{"169.254.0.0", "169.254.255.255", "fe80::1", "fec0::1"}},
	{name: "a node's own DNS cache", addresses: []string{"169.254.20.10"}},
	{name: "metadata of AWS, Google, Azure and OpenStack", addresses: []string{"169.254.169.254", "fd00:ec2::254", "fd20:ce::254"}},
	{name: "metadata of ECS tasks and EKS identities", addresses: []string{"169.254.170.2", "169.254.170.23", "fd00:ec2::23"}},
	{name: "metadata of Alibaba and Oracle, Azure's wire server", addresses: []string{"100.100.100.200", "192.0.0.192", "168.63.129.16"}},
	{name: "metadata's address written in IPv6", addresses: []string{
		"::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::169.254.169.254", "64:ff9b:1::a9fe:a9fe",
		"2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1",
	}},
	{name: "multicast, broadcast and reserved", addresses: []string{"224.0.0.251", "239.255.255.250", "240.0.0.1", "255.255.255.255", "ff02::fb"}},
	{name: "public IPv4", public: true, addresses: []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255",
	}},
	{name: "public IPv6", public: true, addresses: []string{"2606:4700:4700::1111", "2001:4860:4860::8888", "2003::1"}},
}
