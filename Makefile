# Gatehouse. Targets marked with ## appear in `make help`, in this order.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# A cluster's folder, its webhook replicas and whose accounts its controllers use.
STATE ?= .local
REPLICAS ?= 1
CREDENTIALS ?= per-controller
export STATE REPLICAS CREDENTIALS

# Without cgo one compiled package serves every module and every program.
export CGO_ENABLED ?= 0

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

.PHONY: bin/cluster
bin/cluster:
	@mkdir -p bin
	@go -C test/cluster build -o "$(CURDIR)/bin/cluster" .

##@ More
.PHONY: help
help: ## this page
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
