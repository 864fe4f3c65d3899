package apiserver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/yaml"
)

// clusterObjects have one valid object for each kind outside namespaces of which a new
// cluster has none, or whose next one cannot be told from the first, by group and plural.
var clusterObjects = map[string]string{
	"persistentvolumes": `{kind: PersistentVolume, spec: {capacity: {storage: 1Mi}, accessModes: [ReadWriteOnce], hostPath: {path: /cov}, storageClassName: cov}}`,
	"customresourcedefinitions.apiextensions.k8s.io":                 `{kind: CustomResourceDefinition, metadata: {name: covs.example.org}, spec: {group: example.org, scope: Cluster, names: {kind: Cov, plural: covs, singular: cov, listKind: CovList}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}}`,
	"apiservices.apiregistration.k8s.io":                             `{kind: APIService, metadata: {name: v1.cov.example.org}, spec: {group: cov.example.org, version: v1, groupPriorityMinimum: 100, versionPriority: 10, insecureSkipTLSVerify: true, service: {name: cov, namespace: default}}}`,
	"certificatesigningrequests.certificates.k8s.io":                 `{kind: CertificateSigningRequest, spec: {signerName: example.org/cov, usages: [client auth], request: REQUEST}}`,
	"clustertrustbundles.certificates.k8s.io":                        `{kind: ClusterTrustBundle, spec: {trustBundle: BUNDLE}}`,
	"ingressclasses.networking.k8s.io":                               `{kind: IngressClass, spec: {controller: example.org/cov}}`,
	"ipaddresses.networking.k8s.io":                                  `{kind: IPAddress, metadata: {name: 192.0.2.7}, spec: {parentRef: {resource: services, namespace: default, name: cov}}}`,
	"servicecidrs.networking.k8s.io":                                 `{kind: ServiceCIDR, spec: {cidrs: [192.0.2.0/24]}}`,
	"runtimeclasses.node.k8s.io":                                     `{kind: RuntimeClass, handler: cov}`,
	"priorityclasses.scheduling.k8s.io":                              `{kind: PriorityClass, value: 7}`,
	"deviceclasses.resource.k8s.io":                                  `{kind: DeviceClass, spec: {}}`,
	"resourceslices.resource.k8s.io":                                 `{kind: ResourceSlice, spec: {driver: cov.example.org, pool: {name: cov, resourceSliceCount: 1}, allNodes: true, devices: [{name: d}]}}`,
	"devicetaintrules.resource.k8s.io":                               `{kind: DeviceTaintRule, spec: {deviceSelector: {driver: cov.example.org}, taint: {key: example.org/cov, effect: NoSchedule}}}`,
	"storageclasses.storage.k8s.io":                                  `{kind: StorageClass, provisioner: example.org/cov}`,
	"csidrivers.storage.k8s.io":                                      `{kind: CSIDriver, spec: {}}`,
	"csinodes.storage.k8s.io":                                        `{kind: CSINode, spec: {drivers: []}}`,
	"volumeattachments.storage.k8s.io":                               `{kind: VolumeAttachment, spec: {attacher: cov.example.org, nodeName: node-0, source: {persistentVolumeName: cov}}}`,
	"volumeattributesclasses.storage.k8s.io":                         `{kind: VolumeAttributesClass, driverName: example.org/cov, parameters: {a: b}}`,
	"storageversionmigrations.storagemigration.k8s.io":               `{kind: StorageVersionMigration, spec: {resource: {group: example.org, resource: covs}}}`,
	"validatingadmissionpolicies.admissionregistration.k8s.io":       `{kind: ValidatingAdmissionPolicy, spec: {matchConstraints: {resourceRules: [{apiGroups: [example.org], apiVersions: [v1], operations: [CREATE], resources: [covs]}]}, validations: [{expression: "true"}]}}`,
	"mutatingadmissionpolicies.admissionregistration.k8s.io":         `{kind: MutatingAdmissionPolicy, spec: {reinvocationPolicy: Never, matchConstraints: {resourceRules: [{apiGroups: [example.org], apiVersions: [v1], operations: [CREATE], resources: [covs]}]}, mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: "Object{}"}}]}}`,
	"mutatingadmissionpolicybindings.admissionregistration.k8s.io":   `{kind: MutatingAdmissionPolicyBinding, spec: {policyName: cov}}`,
	"validatingadmissionpolicybindings.admissionregistration.k8s.io": `{kind: ValidatingAdmissionPolicyBinding, spec: {policyName: cov, validationActions: [Deny]}}`,
	"policies.gatehouse.dev":                                         `{kind: Policy, metadata: {name: cov.cov}, spec: {rego: "# METADATA\n# title: T\n# description: D\n# custom:\n#   match: {groups: [example.org], kinds: [Cov], operations: [CREATE]}\npackage cov.cov\n\ndeny contains \"no\" if input.request.name == \"no\"\n"}}`,
	"organizationsettings.gatehouse.dev":                             `{kind: OrganizationSettings, metadata: {name: globex}, spec: {}}`,
	"quotaledgers.gatehouse.dev":                                     `{kind: QuotaLedger, metadata: {name: organization-cov}, spec: {domain: organization/cov}}`,
	"constrainttemplates.templates.gatekeeper.sh":                    `{kind: ConstraintTemplate, metadata: {name: covdeny}, spec: {crd: {spec: {names: {kind: CovDeny}}}, targets: [{target: admission.k8s.gatekeeper.sh, rego: "package covdeny\n\nviolation[{\"msg\": \"no\"}] { input.review.object.metadata.name == \"no\" }\n"}]}}`,
}

// sample is a valid object of the kind: the table's, else another one like what is there.
func (e endpoint) sample(ctx context.Context, admin *user) map[string]any {
	GinkgoHelper()
	object := map[string]any{}
	if text := clusterObjects[e.kindKey()]; text != "" {
		Expect(yaml.Unmarshal([]byte(text), &object)).To(Succeed(), e.kindKey())
		object["apiVersion"] = strings.TrimPrefix(e.group+"/"+e.version, "/")
		if object["metadata"] == nil {
			object["metadata"] = map[string]any{"name": "cov"}
		}
		certify(object, admin)
		return object
	}
	first := e.first(ctx, admin)
	if first == nil {
		return nil
	}
	delete(first, "status")
	object = first
	object["metadata"] = map[string]any{"name": "cov", "labels": first["metadata"].(map[string]any)["labels"]}
	return object
}

// first is one object that is stored, or nil.
func (e endpoint) first(ctx context.Context, admin *user) map[string]any {
	GinkgoHelper()
	code, text := request(ctx, admin, http.MethodGet, e.collection()+"?limit=1", "", "")
	Expect(code).To(Equal(http.StatusOK), text)
	var list struct {
		Kind  string           `json:"kind"`
		Items []map[string]any `json:"items"`
	}
	Expect(json.Unmarshal([]byte(text), &list)).To(Succeed())
	if len(list.Items) == 0 {
		return nil
	}
	list.Items[0]["apiVersion"] = strings.TrimPrefix(e.group+"/"+e.version, "/")
	list.Items[0]["kind"] = strings.TrimSuffix(list.Kind, "List")
	return list.Items[0]
}

func nameOf(object map[string]any) string {
	metadata, _ := object["metadata"].(map[string]any)
	return fmt.Sprint(metadata["name"])
}

// another is the next object like one of the table's.
func another(object map[string]any) map[string]any {
	GinkgoHelper()
	raw, err := json.Marshal(object)
	Expect(err).NotTo(HaveOccurred())
	text := strings.NewReplacer("cov", "covnext", "Cov", "Covnext", "192.0.2.7", "192.0.2.8").Replace(string(raw))
	next := map[string]any{}
	Expect(json.Unmarshal([]byte(text), &next)).To(Succeed())
	old, _ := object["spec"].(map[string]any)
	for _, encoded := range []string{"request", "trustBundle"} {
		if value, is := old[encoded]; is {
			next["spec"].(map[string]any)[encoded] = value
		}
	}
	return next
}

// certify fills in what has to be a certificate, or a request for one.
func certify(object map[string]any, admin *user) {
	GinkgoHelper()
	spec, _ := object["spec"].(map[string]any)
	if spec["request"] == "REQUEST" {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		Expect(err).NotTo(HaveOccurred())
		der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
		Expect(err).NotTo(HaveOccurred())
		spec["request"] = base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	}
	if spec["trustBundle"] == "BUNDLE" {
		bundle := admin.config.CAData
		if len(bundle) == 0 {
			var err error
			bundle, err = os.ReadFile(admin.config.CAFile)
			Expect(err).NotTo(HaveOccurred())
		}
		spec["trustBundle"] = string(bundle)
	}
}
