# Everything a developer needs, each with its own set-up. `make demo` and `make test` ask for nothing by hand.

# -trimpath: the build cache serves every checkout, wherever it lies.
export GOFLAGS += -trimpath

BIN       := $(CURDIR)/bin
DEVSTACK  := $(BIN)/devstack
TOOL      := go tool -modfile=tools/go.mod
PROGRAMS  := $(BIN)/caresync $(BIN)/caresync-worker $(BIN)/caresync-simulator

# The namespace's search attributes, as protocol/searchattributes.go names them.
export DEVSTACK_SEARCH_ATTRIBUTE := CareSyncKind=Keyword,CareSyncOutcome=Keyword,CareSyncArea=Keyword,CareSyncOrganisation=Keyword,CareSyncFailedCount=Int

# Tests run on a stack of their own, with free ports, so that nothing has to be free and nothing is left behind.
TEST_STACK := --fast --temporal-store sqlite --without ui

# How long a package may take on a busy machine. Lint runs vet, over everything.
TEST := go test -vet=off -timeout 30m

# The modules that make up no part of the product have stacks of their own.
define TEST_MODULES
cd devstack && $(TEST) $(TESTFLAGS) ./...
cd bench && $(TEST) $(TESTFLAGS) ./...
endef

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-18s %s\n", $$1, $$2}'

.PHONY: build
build: programs $(DEVSTACK) ## build all programs into bin/

.PHONY: programs
programs:
	go build -o $(BIN)/caresync ./starter
	go build -o $(BIN)/caresync-worker ./worker
	go build -o $(BIN)/caresync-simulator ./simulator

# A module of its own, since it holds the Temporal server: the first build takes minutes, the next ones seconds.
$(DEVSTACK): $(wildcard devstack/*.go) devstack/go.mod devstack/go.sum
	@test -e $@ || echo "Building the Temporal server for the first time; this takes some minutes."
	cd devstack && go build -ldflags '-s -w' -o $@ .

.PHONY: demo
demo: build ## tell demo/story on a stack of its own and leave it running; EXIT=1 ends with a verdict, VERBOSE=1 shows everything
	go build -o $(BIN)/demo ./demo
	EXIT=$(EXIT) VERBOSE=$(VERBOSE) $(BIN)/demo

.PHONY: chromium
chromium: ## see to it that there is a Chromium for the tests of the console
	.ci/chromium

# Packages of the product, such as PKG=./activities.
PKG ?= ./...

.PHONY: test
test: build chromium ## run every test, or those of PKG
	CARESYNC_BIN=$(BIN) $(DEVSTACK) exec $(TEST_STACK) -- $(TEST) $(TESTFLAGS) $(PKG)
	$(if $(filter ./...,$(PKG)),$(TEST_MODULES))

# -short leaves out what needs a browser, which the race detector would only make slow.
RACED ?= ./...

.PHONY: race
race: build ## run the tests of RACED, all packages if it is not given, with Go's race detector; none in a browser
	CARESYNC_BIN=$(BIN) $(DEVSTACK) exec $(TEST_STACK) -- $(TEST) -race -short $(TESTFLAGS) $(RACED)

.PHONY: bench
bench: build ## measure one sync and a bulk run beside what one would use instead; half an hour
	cd bench && go build -o $(BIN)/bench .
	$(DEVSTACK) exec --without ui -- $(BIN)/bench $(BENCHFLAGS)

.PHONY: lint
lint: ## golangci-lint, workflowcheck, words and spelling, generated code; known vulnerabilities where their database can be had
	.ci/lint

.PHONY: lines
lines: ## count hand-written Go: the product by package, and the share of what stands beside it, which is 30 % at most
	.ci/lines

.PHONY: generate
generate: ## make db/gen from db/queries and db/migrations, and the console's pages from their templates
	$(TOOL) sqlc generate
	$(TOOL) templ generate -path starter/console

.PHONY: screenshots
screenshots: build chromium ## make the pictures of the console in docs/screenshots
	CARESYNC_BIN=$(BIN) $(DEVSTACK) exec $(TEST_STACK) -- go test -count=1 -tags screenshots -timeout 30m -run TestScreenshots ./starter/console

.PHONY: record-histories
record-histories: build ## record the histories that the replay test replays; run it on the commit of a release
	$(DEVSTACK) exec $(TEST_STACK) -- go test -count=1 -tags record -run 'TestRecord.*Histories' ./worker/hosting

.PHONY: chaos
chaos: build ## bulk runs in storms: SEEDS of them, from FIRST_SEED on
	CARESYNC_BIN=$(BIN) $(DEVSTACK) exec $(TEST_STACK) -- go test -count=1 -v -tags chaos -timeout 60m -run TestChaos ./worker/hosting \
		-args -seeds $(or $(SEEDS),20) -first-seed $(or $(FIRST_SEED),1)

.PHONY: drills
drills: build ## rehearse what happens at night, against real processes; SHORT=1 leaves out what takes long
	CARESYNC_BIN=$(BIN) $(DEVSTACK) exec $(TEST_STACK) -- go test -count=1 -v -tags drills -timeout 60m $(if $(SHORT),-short) -run TestDrill ./worker/hosting

.PHONY: docker-check
docker-check: ## follow docs/run-with-docker.md on a real engine, kill, cut power, scale and update; gets an engine and base images where there are none
	deploy/check/images
	deploy/check/engine deploy/check/docker-check

.PHONY: clean
clean: ## remove the programs
	rm -rf bin
