package config

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// maxFile bounds the file; a configuration is a page of text.
const maxFile = 1 << 20

// Load reads, defaults and validates the file. Every error names the file, and the
// field where there is one.
func Load(path string) (*Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", path, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("configuration %s: larger than %d bytes", path, maxFile)
	}
	c, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", path, err)
	}
	return c, nil
}

// Parse is Load for bytes.
func Parse(data []byte) (*Config, error) {
	if err := oneDocument(data); err != nil {
		return nil, err
	}
	asJSON, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, oneLine(err)
	}
	if err := format(asJSON); err != nil {
		return nil, err
	}
	c := Default()
	strict, err := kjson.UnmarshalStrict(asJSON, c)
	if err != nil {
		return nil, oneLine(err)
	}
	if len(strict) > 0 {
		return nil, oneLine(errors.Join(strict...))
	}
	if problems := c.Validate(); len(problems) > 0 {
		return nil, problems.ToAggregate()
	}
	return c, nil
}

// format looks at apiVersion and kind before anything else, so that a file of another
// version says so instead of listing fields that it does not know.
func format(asJSON []byte) error {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(asJSON, &head); err != nil {
		return oneLine(err)
	}
	if head.APIVersion != APIVersion {
		return fmt.Errorf("apiVersion: %q is not supported, expected %q", head.APIVersion, APIVersion)
	}
	if head.Kind != Kind {
		return fmt.Errorf("kind: %q is not supported, expected %q", head.Kind, Kind)
	}
	return nil
}

// oneDocument refuses a second document: the parser would drop it without a word.
func oneDocument(data []byte) error {
	reader := kyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	documents := 0
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return oneLine(err)
		}
		var content any
		if yaml.Unmarshal(document, &content) != nil || content != nil {
			documents++
		}
	}
	switch documents {
	case 0:
		return errors.New("the file is empty")
	case 1:
		return nil
	}
	return fmt.Errorf("the file has %d documents, expected one", documents)
}

// oneLine flattens the parsers' many-line errors.
func oneLine(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	return errors.New(strings.TrimPrefix(text, "error converting YAML to JSON: "))
}
