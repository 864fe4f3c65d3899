# Gatehouse. Targets marked with ## appear in `make help`, in this order.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# A cluster's folder, its webhook replicas and whose accounts its controllers use.
STATE ?= .local
REPLICAS ?= 1
CREDENTIALS ?= per-controller
export STATE REPLICAS CREDENTIALS

# Without cgo one compiled package serves every module and every program. Without what
# debuggers read, the compiler has less to do: for delve, call go without make.
export CGO_ENABLED ?= 0
export GOFLAGS := $(shell go env GOFLAGS 2>/dev/null) -gcflags=all=-dwarf=false

##@ Try it
.PHONY: run up down status
run: bin/cluster ## start the local cluster, show decisions as they fall, end it with Ctrl-C
	@bin/cluster run

up: bin/cluster ## the same in the background (STATE=dir REPLICAS=n CREDENTIALS=per-controller|shared)
	@bin/cluster up

down: bin/cluster ## end every process of the cluster
	@bin/cluster down

status: bin/cluster ## list the processes; fails unless all are ready
	@bin/cluster status

##@ Build
.PHONY: build
build: ## bin/{gatehouse,webhook,provisioner}
	@mkdir -p bin
	go build -o bin/ ./cmd/gatehouse ./cmd/webhook ./cmd/provisioner
	@ln -sf gatehouse bin/kubectl-gatehouse

.PHONY: bin/cluster
bin/cluster:
	@mkdir -p bin
	@go -C test/cluster build -o "$(CURDIR)/bin/cluster" .

##@ Check
STAGES := test-build verify lint unit decisions cluster-unit test-apiserver test-attacks
.PHONY: test test-long lint-long test-gitops test-network $(STAGES)
test: ## everything that CI checks, with the minutes of each stage
	@test/stages $(STAGES)

test-long: ## what takes longer: lint of the rest, fuzzing, repeats, NetworkPolicies, Argo CD, attacks by every route, broken rules, policy swaps, quota races, scale
	@test/stages unit lint-long fuzz repeat plan test-network test-gitops attacks mutation swaps quota-race scale reservations

test-build: build bin/cluster
	@bin/cluster build

verify: ## generated files are as generated, modules tidy, code formatted
	@go run ./test/manifests -verify
	@test/verify

# golangci lints modules.
golangci = for module in $(1); do \
		(cd $$module && go tool -modfile="$(CURDIR)/test/tools/golangci-lint/go.mod" golangci-lint run \
			--allow-parallel-runners -c "$(CURDIR)/.golangci.yml" --path-prefix $$module ./...) || failed=1; \
	done; exit $${failed:-0}
lint: ## golangci-lint over the product and the local cluster
	@$(call golangci,. test/cluster test/cluster/kwok)

# The rest comes with modules of its own, which make test does not need.
lint-long:
	@$(call golangci,test/gitops test/network)

unit: ## unit tests under the race detector, policies and charts among them
	@CGO_ENABLED=1 go test -race -timeout 15m ./...

decisions: ## all examples, and OPA's own cases by plan and by OPA; a fifth more allocations or bytes a decision fails
	@go test -count=1 ./pkg/engine/plan ./policies
	@go test -count=1 -v -run 'TestCost|TestLoop|TestFlood' ./test/conformance
	@go test -count=1 -run 'TestOddInput' ./test/conformance

plan: ## the plan beside OPA's evaluator in 20,000 reviews in which something is odd, and 20,000 random modules
	@GATEHOUSE_ROUNDS=20000 go test -count=1 -timeout 30m -v -run TestPlanChangesNothing ./policies
	@GATEHOUSE_ROUNDS=20000 go test -count=1 -timeout 60m -v -run TestRandomModules ./pkg/engine/plan

cluster-unit:
	@go -C test/cluster test -timeout 10m ./...

test-network: ## NetworkPolicies under an evaluator that others wrote
	@go -C test/network test -timeout 5m .

# The suite on two clusters side by side, which share its specs: one waits most of the time.
ginkgo = GATEHOUSE_CLUSTER=1 go tool -modfile=test/tools/ginkgo/go.mod ginkgo run --timeout=60m --succinct --no-color --silence-skips
test-apiserver: build bin/cluster ## the suite on a real API server
	@$(ginkgo) --procs=2 ./test/apiserver

test-gitops: build bin/cluster
	@GATEHOUSE_CLUSTER=1 go -C test/gitops test -v -count=1 -timeout 15m .

attack = GATEHOUSE_CLUSTER=1 go test -v -count=1 -timeout 40m ./test/apiserver/attacks -ginkgo.succinct -ginkgo.no-color -ginkgo.silence-skips
test-attacks: build bin/cluster
	@$(attack)

.PHONY: attacks mutation guards
attacks: build bin/cluster ## what a hostile tenant tries, by every route, as a table
	@GATEHOUSE_ATTACKS=all $(attack)

mutation: ## breaks each built-in rule in turn: its tests must notice
	@go run ./test/mutation

guards: ## breaks conditions of what Go decides, each so many-th, and lists those that no test notices
	@go run ./test/mutation/guards --every $(or $(EVERY),8)

.PHONY: bench
# Where make bench appends its figures, in the format of Go's benchmarks.
RECORD ?= .bench/$(shell git describe --always --dirty --abbrev=12 --exclude='*').txt
bench: build bin/cluster ## what a write costs with and without Gatehouse, and each part alone; kept in .bench/<commit>.txt
	@mkdir -p $(dir $(RECORD))
	@go run ./test/load --record $(RECORD)
	@{ go test -run '^$$' -bench . -benchmem ./pkg/passport ./pkg/engine ./webhooks && go test -run '^$$' -bench . -cpu 1 ./test/rivals; } | tee -a $(RECORD)
	@echo "in $(RECORD), to be compared with another commit's: benchstat OLD NEW"

.PHONY: scale reservations quota-race swaps
swaps: build bin/cluster
	@GATEHOUSE_CLUSTER=1 GATEHOUSE_SWAPS=all go test -v -count=1 -timeout 30m ./test/apiserver -ginkgo.succinct -ginkgo.no-color -ginkgo.silence-skips -ginkgo.focus "A set of policies"

scale: build bin/cluster ## 500 sessions of 100 users at once, every server killed in between; 1,000 tenants from nothing
	@go run ./test/scale --provision $(or $(TENANTS),1000)

reservations: build bin/cluster ## places in a quota ledger a second, beside native ResourceQuota
	@go run ./test/reserve

quota-race: build bin/cluster
	@GATEHOUSE_CLUSTER=1 GATEHOUSE_RACES=20 go test -v -count=1 -timeout 60m ./test/apiserver -ginkgo.succinct -ginkgo.no-color -ginkgo.silence-skips -ginkgo.focus "The race for"

.PHONY: fuzz repeat plan generate
fuzz:
	@grep -roE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' cmd pkg policies webhooks | sort | while IFS=: read -r file name; do \
		name="$${name#func }"; echo "$$file: $$name"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(or $(T),60s) "./$${file%/*}" </dev/null || exit 1; done

repeat:
	@CGO_ENABLED=1 go test -race -count=20 ./pkg/quota/... ./pkg/gate ./webhooks

generate: ## kinds, manifests, chart and docs from their sources
	@go tool -modfile=test/tools/controller-gen/go.mod controller-gen object paths=./pkg/apis/...
	@go tool -modfile=test/tools/controller-gen/go.mod controller-gen crd:allowDangerousTypes=true paths=./pkg/apis/... output:crd:artifacts:config=config/crd
	@go tool -modfile=test/tools/controller-gen/go.mod controller-gen crd paths=github.com/openreports/reports-api/apis/openreports.io/v1alpha1 output:crd:artifacts:config=config/crd
	@rm config/crd/openreports.io_clusterreports.yaml
	@go run ./test/manifests
	@go test ./policies -run 'TestPolicies|TestAllowList' -update
	@go test ./pkg/gate -run TestCallersPage -update
	@go -C test/network test . -run TestPage -update

##@ More
.PHONY: help
help: ## this page
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
