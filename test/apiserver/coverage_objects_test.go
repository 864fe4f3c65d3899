package apiserver

// coverageObjects has one valid object for each namespaced kind that the API server
// serves, by group and plural. A kind without one is a hole in the coverage test.
var coverageObjects = map[string]string{
	"configmaps":                             `kind: ConfigMap`,
	"endpoints":                              `kind: Endpoints`,
	"events":                                 `{kind: Event, involvedObject: {namespace: claude-runner-user-alice, kind: Pod, name: cov, apiVersion: v1}, reason: Cov, message: m, source: {component: cov}, type: Normal}`,
	"limitranges":                            `{kind: LimitRange, spec: {limits: []}}`,
	"persistentvolumeclaims":                 `{kind: PersistentVolumeClaim, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}}`,
	"pods":                                   `{kind: Pod, spec: {nodeSelector: {no: such-node}, ` + container + `}}`,
	"podtemplates":                           `{kind: PodTemplate, template: {metadata: {labels: {app: cov}}, spec: {` + container + `}}}`,
	"replicationcontrollers":                 `{kind: ReplicationController, spec: {replicas: 0, selector: {app: cov}, template: {metadata: {labels: {app: cov}}, spec: {` + container + `}}}}`,
	"resourcequotas":                         `{kind: ResourceQuota, spec: {hard: {count/widgets.example.com: "5"}}}`,
	"secrets":                                `kind: Secret`,
	"serviceaccounts":                        `{kind: ServiceAccount, automountServiceAccountToken: false}`,
	"services":                               `{kind: Service, spec: {ports: [{port: 80}], selector: {app: cov}}}`,
	"controllerrevisions.apps":               `{kind: ControllerRevision, revision: 1, data: {a: b}}`,
	"daemonsets.apps":                        `{kind: DaemonSet, spec: {selector: {matchLabels: {app: cov}}, template: {metadata: {labels: {app: cov}}, spec: {nodeSelector: {no: such}, ` + container + `}}}}`,
	"deployments.apps":                       `{kind: Deployment, spec: {replicas: 0, selector: {matchLabels: {app: cov}}, template: {metadata: {labels: {app: cov}}, spec: {` + container + `}}}}`,
	"replicasets.apps":                       `{kind: ReplicaSet, spec: {replicas: 0, selector: {matchLabels: {app: cov}}, template: {metadata: {labels: {app: cov}}, spec: {` + container + `}}}}`,
	"statefulsets.apps":                      `{kind: StatefulSet, spec: {replicas: 0, serviceName: cov, selector: {matchLabels: {app: cov}}, template: {metadata: {labels: {app: cov}}, spec: {` + container + `}}}}`,
	"horizontalpodautoscalers.autoscaling":   `{kind: HorizontalPodAutoscaler, spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cov}}}`,
	"cronjobs.batch":                         `{kind: CronJob, spec: {suspend: true, schedule: "0 0 1 1 *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, ` + container + `}}}}}}`,
	"jobs.batch":                             `{kind: Job, spec: {suspend: true, template: {spec: {restartPolicy: Never, ` + container + `}}}}`,
	"leases.coordination.k8s.io":             `{kind: Lease, spec: {holderIdentity: cov}}`,
	"endpointslices.discovery.k8s.io":        `{kind: EndpointSlice, addressType: IPv4, endpoints: []}`,
	"events.events.k8s.io":                   `{kind: Event, eventTime: "2026-01-01T00:00:00.000000Z", regarding: {namespace: claude-runner-user-alice, kind: Pod, name: cov, apiVersion: v1}, reason: Cov, note: a-note, action: Act, reportingController: example.com/cov, reportingInstance: cov, type: Normal}`,
	"ingresses.networking.k8s.io":            `{kind: Ingress, spec: {defaultBackend: {service: {name: cov, port: {number: 80}}}}}`,
	"networkpolicies.networking.k8s.io":      `{kind: NetworkPolicy, spec: {podSelector: {matchLabels: {app: cov}}, policyTypes: [Ingress]}}`,
	"poddisruptionbudgets.policy":            `{kind: PodDisruptionBudget, spec: {maxUnavailable: 1, selector: {matchLabels: {app: cov}}}}`,
	"rolebindings.rbac.authorization.k8s.io": `{kind: RoleBinding, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: cov}, subjects: []}`,
	"roles.rbac.authorization.k8s.io":        `{kind: Role, rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]}`,
	"resourceclaims.resource.k8s.io":         `{kind: ResourceClaim, spec: {devices: {requests: [{name: r, exactly: {deviceClassName: cov}}]}}}`,
	"resourceclaimtemplates.resource.k8s.io": `{kind: ResourceClaimTemplate, spec: {spec: {devices: {requests: [{name: r, exactly: {deviceClassName: cov}}]}}}}`,
	"csistoragecapacities.storage.k8s.io":    `{kind: CSIStorageCapacity, storageClassName: cov, capacity: 1Mi}`,
	"researchsessions.research.example.com":  `{kind: ResearchSession, spec: {prompt: p, websiteURL: "https://example.com"}}`,
	"gizmos.example.com":                     `{kind: Gizmo, spec: {replicas: 1}}`,
	"httproutes.gateway.networking.k8s.io":   `{kind: HTTPRoute, spec: {hostnames: [cov.example.com]}}`,
	"reports.openreports.io":                 `{kind: Report, results: []}`,
	"usages.gatehouse.dev":                   `{kind: Usage}`,
}

// coverageBodies are what is sent to a subresource that takes a CREATE of its own kind.
var coverageBodies = map[string]string{
	"bindings":              `{"apiVersion":"v1","kind":"Binding","metadata":{"name":"cov"},"target":{"kind":"Node","name":"node-0"}}`,
	"pods/binding":          `{"apiVersion":"v1","kind":"Binding","metadata":{"name":"cov"},"target":{"kind":"Node","name":"node-0"}}`,
	"pods/eviction":         `{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"cov"}}`,
	"serviceaccounts/token": `{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":600}}`,
}
