// Package state is the folder of one local cluster: where each file lies, who owns the
// folder, its ports and the env file that tests read. It imports the standard library
// only.
package state

import (
	"os"
	"path/filepath"
)

// Dir is the absolute path of a cluster's folder, $STATE.
type Dir string

// folders are everything a cluster makes below its folder; Reset removes exactly these.
var folders = []string{"bin", "config", "credentials", "etcd", "kubeconfig", "logs", "oidc", "pids", "pki"}

// files are the plain files a cluster makes in its folder.
var files = []string{"env", "encryption.yaml", "control.json"}

// Path joins elements below the folder.
func (d Dir) Path(elements ...string) string {
	return filepath.Join(append([]string{string(d)}, elements...)...)
}

// Kubeconfig is the kubeconfig file of a user.
func (d Dir) Kubeconfig(user string) string { return d.Path("kubeconfig", user+".yaml") }

// Log is the log file of a process.
func (d Dir) Log(process string) string { return d.Path("logs", process+".log") }

// Bin is a program.
func (d Dir) Bin(program string) string { return d.Path("bin", program) }

// PKI is a certificate or key file.
func (d Dir) PKI(file string) string { return d.Path("pki", file) }

// Config is a file that a component of the control plane reads.
func (d Dir) Config(file string) string { return d.Path("config", file) }

// Credential is a component's kubeconfig or token file.
func (d Dir) Credential(file string) string { return d.Path("credentials", file) }

// Env is the file of shell assignments for scripts and tests.
func (d Dir) Env() string { return d.Path("env") }

// Encryption is the API server's encryption-at-rest configuration.
func (d Dir) Encryption() string { return d.Path("encryption.yaml") }

// Control holds the address and the token of the supervisor.
func (d Dir) Control() string { return d.Path("control.json") }

// AuditLog is what the API server recorded.
func (d Dir) AuditLog() string { return d.Path("logs", "audit.jsonl") }

// DecisionLog is what the webhooks decided, one JSON object a line.
func (d Dir) DecisionLog() string { return d.Path("logs", "decisions.jsonl") }

// Resolve makes a Dir of what a user typed.
func Resolve(path string) (Dir, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return Dir(absolute), nil
}

// Exists says whether a cluster has ever claimed the folder.
func (d Dir) Exists() bool {
	_, err := os.Stat(d.Path(marker))
	return err == nil
}
