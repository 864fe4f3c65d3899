package apiserver

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

func dynamicFor(config *rest.Config) dynamic.Interface {
	GinkgoHelper()
	d, err := dynamic.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	return d
}
