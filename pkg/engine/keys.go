package engine

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// commonKeys are the keys that nearly every object has, made once: a third of the terms
// of a Pod. They are only ever read.
var commonKeys = func() map[string]*ast.Term {
	keys := map[string]*ast.Term{}
	for _, name := range strings.Fields(`
		apiVersion kind metadata name generateName namespace uid resourceVersion generation
		creationTimestamp deletionTimestamp labels annotations ownerReferences controller
		blockOwnerDeletion finalizers managedFields manager operation time fieldsType fieldsV1
		subresource spec status template selector matchLabels replicas containers
		initContainers ephemeralContainers image imagePullPolicy command args env envFrom value
		valueFrom secretKeyRef configMapKeyRef fieldRef fieldPath key resources limits requests
		cpu memory ports containerPort protocol volumeMounts mountPath readOnly volumes
		configMap secret projected sources serviceAccountToken emptyDir securityContext
		serviceAccount serviceAccountName automountServiceAccountToken restartPolicy nodeName
		schedulerName tolerations operator effect priority terminationGracePeriodSeconds
		dnsPolicy phase conditions type reason message lastTransitionTime data stringData
		prompt websiteURL displayName llmSettings model temperature maxTokens timeout
		app f: f:metadata f:spec f:status f:name f:labels f:annotations
		request caller passport tenant organization tier models usage expansion now pods
		oldPods resource group version subResource userInfo object oldObject options dryRun
		username groups extra class role relation actor author user_id email permissions
		audience correlation_id key_id issued_at path
		overhead allowPrivilegeEscalation capabilities add drop privileged readOnlyRootFilesystem
		runAsUser runAsGroup runAsNonRoot fsGroup seccompProfile
		` + v1alpha1.AnnotationPassport + " " + v1alpha1.AnnotationCorrelation) {
		keys[name] = ast.StringTerm(name)
	}
	return keys
}()

// Key is the term of an object's key, one of those made once where it is common.
func Key(name string) *ast.Term {
	if t, ok := commonKeys[name]; ok {
		return t
	}
	return ast.StringTerm(name)
}
