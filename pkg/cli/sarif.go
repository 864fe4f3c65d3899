package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/review"
)

// SARIF 2.1.0, as far as code scanning of CI systems reads it.
type (
	sarif struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    string    `json:"id"`
		Short sarifText `json:"shortDescription"`
		Full  sarifText `json:"fullDescription"`
		Help  sarifText `json:"help"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		Successful bool          `json:"executionSuccessful"`
		Notes      []sarifResult `json:"toolExecutionNotifications"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId,omitempty"`
		RuleIndex    *int              `json:"ruleIndex,omitempty"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

// sarifOf reports denials as errors, warnings as warnings, and files that were passed
// over as notifications. Rules that are no policies are named without a description.
func sarifOf(policies []engine.RuleInfo, all judgement) sarif {
	driver := sarifDriver{Name: "gatehouse", Rules: []sarifRule{}}
	for _, p := range policies {
		driver.Rules = append(driver.Rules, sarifRule{p.Rule, sarifText{p.Title}, sarifText{p.Description}, sarifText{p.Title + "\n\n" + p.Description}})
	}
	run := sarifRun{Invocations: []sarifInvocation{{Successful: true, Notes: []sarifResult{}}}, Results: []sarifResult{}}
	for _, r := range all.Results {
		if r.verdict.Outcome == review.Denied && len(r.verdict.Denials) > 0 {
			for _, d := range r.verdict.Denials {
				run.Results = append(run.Results, driver.result(d.Rule, "error", denialText(d), r))
			}
		} else if r.Outcome != review.Allowed.String() {
			run.Results = append(run.Results, driver.result("gatehouse/"+r.Outcome, "error", r.Message, r))
		}
		for _, text := range r.Warnings {
			rule, rest, found := strings.Cut(text, ": ")
			if !found || !slices.ContainsFunc(policies, func(p engine.RuleInfo) bool { return p.Rule == rule }) {
				rule, rest = "gatehouse/warning", text
			}
			run.Results = append(run.Results, driver.result(rule, "warning", rest, r))
		}
	}
	for _, s := range all.Skipped {
		note := sarifResult{Level: "note", Message: sarifText{s.File + " was not judged: " + s.Reason}, Locations: []sarifLocation{locationOf(s.File, 0, "")}}
		run.Invocations[0].Notes = append(run.Invocations[0].Notes, note)
	}
	run.Tool.Driver = driver
	return sarif{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}
}

// result makes a result, and adds its rule to those that the tool has.
func (d *sarifDriver) result(rule, level, text string, r judged) sarifResult {
	index := slices.IndexFunc(d.Rules, func(x sarifRule) bool { return x.ID == rule })
	if index < 0 {
		about := sarifText{"Decided by Gatehouse itself, under " + rule + "."}
		index = len(d.Rules)
		d.Rules = append(d.Rules, sarifRule{rule, about, about, about})
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{rule, r.File, r.Object, text}, "\n")))
	return sarifResult{
		RuleID: rule, RuleIndex: &index, Level: level, Message: sarifText{text},
		Locations:    []sarifLocation{locationOf(r.File, r.Line, r.Object)},
		Fingerprints: map[string]string{"gatehouse/v1": hex.EncodeToString(sum[:16])},
	}
}

func locationOf(file string, line int, object string) sarifLocation {
	var l sarifLocation
	if file == "-" {
		file = "stdin"
	}
	l.Physical.Artifact.URI = (&url.URL{Path: filepath.ToSlash(filepath.Clean(file))}).EscapedPath()
	if line > 0 {
		l.Physical.Region = &sarifRegion{line}
	}
	if object != "" {
		l.Logical = []sarifLogical{{object, "resource"}}
	}
	return l
}

// denialText is a denial without its rule, which has a place of its own.
func denialText(d review.Denial) string {
	return strings.Join(present(d.Problem, d.Allowed, d.Next), "; ")
}
