package session

import (
	batchv1 "k8s.io/api/batch/v1"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/runner"
)

// Claude Runner's labels on Job and Pod.
const (
	LabelSession = runner.LabelSession
	labelApp     = runner.LabelApp
	app          = runner.App
)

func newJob(s *researchv1.ResearchSession, seconds int64, c config.Sessions) *batchv1.Job {
	return runner.New(s, seconds, c)
}

func jobName(session string) string { return runner.Name(session) }
