// Package installation says what the generated manifests need to know of one
// installation of Gatehouse: who may say who somebody is, and who is platform. It may
// import a YAML reader and nothing of Kubernetes.
package installation

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

// Installation holds the varying parts of the conditions. The three lists are CEL list
// literals rather than values, so that the chart can put a template in their place.
type Installation struct {
	// AliasPrefixes is a list of "<alias>:", one an issuer.
	AliasPrefixes string
	// AdminGroups and AdminUsers are lists of the platform admins' groups and users.
	AdminGroups string
	AdminUsers  string
	// SystemNamespace is where Gatehouse runs, NamespacePrefix what tenants' namespaces
	// begin with.
	SystemNamespace string
	NamespacePrefix string
}

// Webhook is the username of the process that decides.
func (i Installation) Webhook() string {
	return "system:serviceaccount:" + i.SystemNamespace + ":gatehouse-webhook"
}

// Provisioner is the username of the process that reconciles.
func (i Installation) Provisioner() string {
	return "system:serviceaccount:" + i.SystemNamespace + ":gatehouse-provisioner"
}

// file is the part of the configuration file that matters here.
type file struct {
	SystemNamespace       string `json:"systemNamespace"`
	TenantNamespacePrefix string `json:"tenantNamespacePrefix"`
	Issuers               []struct {
		Alias string `json:"alias"`
	} `json:"issuers"`
	PlatformAdmins struct {
		Groups []string `json:"groups"`
		Users  []string `json:"users"`
	} `json:"platformAdmins"`
}

// Load reads the installation from a configuration file of the servers.
func Load(path string) (Installation, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Installation{}, fmt.Errorf("read configuration: %w", err)
	}
	var f file
	if err := yaml.Unmarshal(data, &f); err != nil {
		return Installation{}, fmt.Errorf("parse configuration %s: %w", path, err)
	}
	if f.SystemNamespace == "" || f.TenantNamespacePrefix == "" || len(f.Issuers) == 0 {
		return Installation{}, fmt.Errorf("configuration %s: %w", path, errors.New("systemNamespace, tenantNamespacePrefix and issuers must be set"))
	}
	prefixes := make([]string, 0, len(f.Issuers))
	for _, issuer := range f.Issuers {
		prefixes = append(prefixes, issuer.Alias+":")
	}
	return Installation{
		AliasPrefixes:   literal(prefixes),
		AdminGroups:     literal(f.PlatformAdmins.Groups),
		AdminUsers:      literal(f.PlatformAdmins.Users),
		SystemNamespace: f.SystemNamespace,
		NamespacePrefix: f.TenantNamespacePrefix,
	}, nil
}

// literal writes a list as CEL: JSON's strings are CEL's.
func literal(values []string) string {
	if len(values) == 0 {
		return "[]"
	}
	data, err := json.Marshal(values)
	if err != nil { // A list of strings always marshals.
		panic(err)
	}
	return string(data)
}
