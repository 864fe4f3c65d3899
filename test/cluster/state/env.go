package state

import (
	"bufio"
	"fmt"
	"os"
	"sort"
	"strings"
)

// Env is the env file: shell assignments, one a line.
type Env map[string]string

// WriteEnv replaces the env file of a cluster.
func (d Dir) WriteEnv(env Env) error {
	if err := os.WriteFile(d.Env(), []byte(env.String()), 0o644); err != nil {
		return fmt.Errorf("write env file: %w", err)
	}
	return nil
}

// String renders the assignments sorted by name; values that a shell would split or
// expand are quoted.
func (e Env) String() string {
	names := make([]string, 0, len(e))
	for name := range e {
		names = append(names, name)
	}
	sort.Strings(names)
	var text strings.Builder
	for _, name := range names {
		fmt.Fprintf(&text, "%s=%s\n", name, quote(e[name]))
	}
	return text.String()
}

// ReadEnv reads what WriteEnv wrote.
func (d Dir) ReadEnv() (Env, error) {
	file, err := os.Open(d.Env())
	if err != nil {
		return nil, fmt.Errorf("read env file: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	env := Env{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		name, value, found := strings.Cut(lines.Text(), "=")
		if !found {
			return nil, fmt.Errorf("env file %s: line %q is no assignment", d.Env(), lines.Text())
		}
		env[name] = unquote(value)
	}
	return env, lines.Err()
}

const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+,="

func quote(value string) string {
	if strings.Trim(value, plain) == "" {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

func unquote(value string) string {
	if len(value) < 2 || !strings.HasPrefix(value, "'") || !strings.HasSuffix(value, "'") {
		return value
	}
	return strings.ReplaceAll(value[1:len(value)-1], `'\''`, "'")
}
