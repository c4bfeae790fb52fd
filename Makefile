# chrononctl: everything that a person or CI runs. Needs Go 1.26 and Python 3.10 or newer; the rest is fetched from
# pinned lock files into .cache, which git ignores.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build

export CHRONONCTL_CACHE := $(CURDIR)/.cache
BIN := bin/chrononctl
LINT := .cache/tools/golangci-lint
AIRFLOW ?= 3.3

.PHONY: build demo test check lint bench bench-real bench-layout unit race python runtime sample real screenshots tidy clean

build:
	@go build -trimpath -ldflags='-s -w' -o $(BIN) ./cmd/chrononctl

## demo: the sample repository on a real local Airflow, then the console (AIRFLOW=2.11 takes Airflow 2)
demo: build
	@$(BIN) demo --airflow $(AIRFLOW)

## test: everything, with real Airflows; the suite of check is run once, under the race detector
test: tidy lint race python real

## check: all that needs no Airflow, as quick as it gets; make race looks for data races
check: tidy lint unit

tidy:
	go mod tidy -diff
	cd .ci/tools && go mod tidy -diff
	cd .ci/servers && go mod tidy -diff
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }

## lint: go vet, and what .golangci.yml lists, over the tests with the tag real too
lint: $(LINT)
	go vet -tags real ./...
	$(LINT) run ./...

$(LINT): .ci/tools/go.mod .ci/tools/go.sum
	@mkdir -p $(@D)
	cd .ci/tools && go build -o $(CURDIR)/$(LINT) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

unit:
	go test ./...

## race: the tests of unit under the race detector, which is several times as slow
race:
	go test -race -timeout 20m ./...

## python: the suites in Python, two at a time, since each of them keeps one core busy
python:
	$(MAKE) -j 2 runtime sample

## runtime: the Python runtime's own suite, on the newest and the oldest Airflow of both lines
runtime: runtime-3.3 runtime-3.0 runtime-2.11 runtime-2.6

runtime-%:
	"$$(go run ./internal/demo/provision airflow-$*)" -m pytest -q dagspec/runtime/tests

## sample: the sample repository compiles to what is committed, and the stand-in for Spark behaves
sample:
	"$$(go run ./internal/demo/provision pytest)" -m pytest -q internal/demo/sample/tests

## real: what needs a running Airflow; two packages at a time, the longest first, since they wait more than they compute
real:
	go test -tags real -run 'Real' -count 1 -p 2 -v -timeout 40m ./cmd/... ./internal/acceptance ./airflowclient ./internal/deploy ./internal/... ./airflowclient/... ./dagspec/...

## screenshots: the pictures of the documentation, as the console draws them now
screenshots:
	go test ./tui -run TestPicturesShowTheConsole -count 1 -update

bench:
	go test -run '^$$' -bench . -benchmem -timeout 60m ./...

## bench-real: what a real Airflow with 1,800 DAGs takes to be known; minutes, and no part of the tests
bench-real:
	go test -tags real -run '^$$' -bench Real -benchtime 3x -timeout 60m -v ./airflowclient

## bench-layout: what layouts of DAG files cost real DAG processors and task starts; half an hour on two free cores
bench-layout:
	go run ./internal/layouts/bench

clean:
	rm -rf bin .cache
