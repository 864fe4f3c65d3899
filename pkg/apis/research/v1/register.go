package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is research.example.com/v1.
var GroupVersion = schema.GroupVersion{Group: "research.example.com", Version: "v1"}

// AddToScheme registers ResearchSession.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion, &ResearchSession{}, &ResearchSessionList{})
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
