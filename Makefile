# What a person runs. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
GO := go
ENV := .toolchain/env

# Without C, as Pulumi's programs are: then Go compiles its standard library once for all of them.
# A compiler that collects its garbage less often takes a fifth less time.
AS_RELEASED := CGO_ENABLED=0 GOGC=400

# What is compiled here takes a fifth less without debug information, and generated clients half
# where nothing is inlined in them. A debugger builds what it needs by itself.
export GOFLAGS := $(strip $(GOFLAGS) -gcflags=all=-dwarf=false -gcflags=github.com/aws/aws-sdk-go-v2/service/...=-l \
  -gcflags=github.com/pulumi/pulumi-aws/sdk/...=-l)

.PHONY: help toolchain build rehearse emulator test unit lint tidy e2e long chaos steady agreement assignments bench release-check snapshot release completions cyclonedx clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

toolchain: ## Provide Pulumi, its Go language host and the AWS plugin (builds them if need be)
	@$(AS_RELEASED) $(GO) run -C toolchain -trimpath .

build: ## Build bin/coldstart
	@$(AS_RELEASED) $(GO) build -trimpath -o bin/coldstart ./cmd/coldstart

rehearse: ## Run the whole cold start against a local AWS, and prove the result
	@$(MAKE) --no-print-directory -j2 toolchain $(if $(filter --endpoint% --image%,$(ARGS)),build,emulator)
	@. ./$(ENV) && bin/coldstart rehearse $(ARGS)

emulator: build
	@bin/coldstart emulator --install

test: unit lint e2e ## Run what has to pass before a commit; CI runs make long and make snapshot as well

unit: ## Run the unit tests under the race detector
	@$(GO) test -race ./...
	@$(GO) test -C toolchain -race ./...
	@$(GO) test -C toolchain/aws -race ./macie
	@$(GO) test -run='^($(PLAIN))$$' ./dns ./internal/promises ./internal/public ./program

# Tests that try so much that the race detector, which slows them down ten times, takes
# minutes for them, and tests that ask the compiler. They are in files that are built
# without it.
PLAIN := TestColdStartsConverge|TestFaults|TestTableOfChanges|TestAThousandAccounts|TestAnotherModule|TestNoInternalTypes|TestExamples

lint: ## Run the linters
	@$(GO) tool -modfile=toolchain/lint/go.mod golangci-lint run --build-tags=e2e ./...
	@cd toolchain && $(GO) tool -modfile=lint/go.mod golangci-lint run --config=../.golangci.yml ./...
	@cd toolchain/docker && $(GO) tool -modfile=../lint/go.mod golangci-lint run --config=../../.golangci.yml ./...
	@$(GO) tool -modfile=toolchain/actionlint/go.mod actionlint
	@d=$$(mktemp -d); trap "rm -rf $$d" EXIT; cp toolchain/actionlint/go.* $$d; $(AS_WRITTEN); $(GO) tool actionlint
	@d=$$(mktemp -d); trap "rm -rf $$d" EXIT; cp go.mod go.sum $$d; $(call TIDY,-modfile=$$d/go.mod); \
	diff -u go.mod $$d/go.mod && diff -u go.sum $$d/go.sum || { echo "go.mod or go.sum isn't tidy: run make tidy"; exit 1; }
	@cd toolchain && $(GO) mod tidy -diff
	@cd toolchain/docker && $(GO) mod tidy -diff

# actionlint finds the workflows and the action that `coldstart init --github` writes only
# where they will be: at the top of a repository.
AS_WRITTEN = cp -R internal/starter/github $$d/.github; mkdir $$d/.git; cd $$d

tidy: ## Bring go.mod and go.sum in line with the code, for Pulumi too
	@$(call TIDY,)

# Pulumi's Go host looks for plugins by this go list, and Go notes in go.sum what it reads for
# that. So these lines are there beforehand: go mod tidy alone would remove them, and the next
# `pulumi preview` would change the checkout.
TIDY = $(GO) mod tidy $(1) && $(GO) list -m -json -mod=mod $(1) all >/dev/null

e2e: toolchain ## Run the end-to-end tests on the real engine, provider and emulator
	@. ./$(ENV) && $(GO) test -tags=e2e -count=1 -timeout=60m -parallel=100 -skip='^($(LONG))$$' ./e2e $(ARGS)
	@echo "NOT TESTED: kills, lost answers, lost states, the upgrade, what is installed, adoption of what is in use, accounts closed by hand, return after destroy, Inspector, Macie and conformance packs on day two, default VPCs in use, IAM Identity Center from the file, moving people there and back, many assignments, and rehearse --all (make long), and the files of a release (make snapshot)"
	@docker version >/dev/null 2>&1 || echo "NOT TESTED: images, since no Docker daemon answers here (.ci/docker starts one)"

long: toolchain ## Run the end-to-end tests that take long: kills, lost answers and states, an upgrade, an installation, adoptions, Inspector, Macie and conformance packs on day two, default VPCs in use, IAM Identity Center from the file, moving people there and back, many assignments, rehearse --all
	@. ./$(ENV) && $(GO) test -tags=e2e -count=1 -timeout=60m -parallel=100 -run='^($(LONG))$$' ./e2e

# What CI runs besides `make test`: scenarios of what happens rarely, again and again.
LONG := TestChaos|TestRehearsalWithFaults|TestRehearsalOfEverything|TestLostChanges|TestRunsThatAreKilled|TestKilledTakingOver|TestArchiveClosedByHand|TestRecoveryKilled|TestLostState|TestUpgrade|TestInstalled|TestAdoptionOfAControlTowerOrganization|TestAdoptionOfAnOrganizationInUse|TestClosedByHand|TestDestroyAndReturn|TestInspector|TestMacie|TestConformancePacks|TestDefaultVPCs|TestPeople|TestLostPeople|TestRehearsalOfPeople|TestMovingPeople|TestRehearsalOfIdentityCenter|TestPeopleDisturbed|TestManyAssignments|TestPoliciesOfOthers|TestPeopleOfAClosedAccount|TestMovingPeopleBack

# Scenarios mostly wait for the provider to wait for Route 53, so more of them
# run at once than there are cores.
export E2E_PARALLEL ?= 8

chaos: toolchain ## Try cold starts in which something goes wrong: SEEDS=1-20 KILLS=20 PLANS="call=9:kill …" ACTIONS=drop-after; with UPDATE=1 updates
	@mkdir -p .coldstart && rm -f .coldstart/chaos.txt
	@. ./$(ENV) && code=0; \
	CHAOS_SEEDS="$(SEEDS)" CHAOS_KILLS="$(KILLS)" CHAOS_PLANS="$(PLANS)" CHAOS_ACTIONS="$(ACTIONS)" CHAOS_UPDATE="$(UPDATE)" CHAOS_REPORT="$$PWD/.coldstart/chaos.txt" \
	$(GO) test -tags=e2e -count=1 -run='^TestChaos$$' -timeout=10h -parallel=100 ./e2e || code=$$?; \
	test ! -f .coldstart/chaos.txt || cat .coldstart/chaos.txt; exit $$code

assignments: toolchain ## Bring up SIZE=50x20 assignments of IAM Identity Center, accounts by permission sets, within AWS's rates, and take most of them away; 50x20 takes an hour
	@. ./$(ENV) && ASSIGNMENTS="$(or $(SIZE),50x20)" $(GO) test -tags=e2e -count=1 -v -run='^TestManyAssignments$$' -timeout=3h ./e2e

steady: toolchain ## Run the tests of make test RUNS=10 times, every other time beside a load that takes all cores; ARGS="-run=TestDoctor"
	@. ./$(ENV) && GO="$(GO)" .ci/steady $(RUNS) -skip='^($(LONG))$$' $(ARGS)

RUNS ?= 10

agreement: ## Compare decisions about policies with other evaluators, from PyPI and npm
	@python3 -m venv .coldstart/agreement && .coldstart/agreement/bin/pip install --quiet --no-deps ministack==1.5.33
	@AGREEMENT_PYTHON="$$PWD/.coldstart/agreement/bin/python" $(GO) test -count=1 -run='^TestAgreement$$' -v ./authorization
	@npm install --silent --no-audit --no-fund --prefix .coldstart/agreement @cloud-copilot/iam-simulate@0.1.173
	@SIMULATOR="$$PWD/.coldstart/agreement" $(GO) test -count=1 -run='^TestAgreement$$' -v ./internal/permissions

bench: toolchain ## Measure cold starts: ACCOUNTS="1 9 20" members, PARALLEL=20 stacks at once
	@. ./$(ENV) && BENCH_ACCOUNTS="$(ACCOUNTS)" BENCH_PARALLEL="$(PARALLEL)" $(GO) test -tags=e2e -run='^$$' -bench=. -benchtime=1x -timeout=60m ./e2e

release-check: ## Check .goreleaser.yaml
	@$(GORELEASER) check --quiet

snapshot: release-check cyclonedx ## Build what a release of this checkout would have, into dist/, and try it
	@PATH="$$PWD/bin:$$PATH" $(GORELEASER) release --snapshot --clean
	@RELEASE="$$PWD/dist" $(GO) test -count=1 -run='^TestRelease$$' ./cmd/coldstart

release: cyclonedx ## Build the release of the tag that is checked out, into dist/; it publishes nothing
	@PATH="$$PWD/bin:$$PATH" $(GORELEASER) release --skip=publish --clean

GORELEASER = $(GO) tool -modfile=toolchain/goreleaser/go.mod goreleaser

# GoReleaser runs it, without the variables that go tool would need.
cyclonedx:
	@$(GO) build -modfile=toolchain/goreleaser/go.mod -o bin/cyclonedx-gomod github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod

completions: build
	@mkdir -p bin/completions; for shell in bash zsh fish powershell; do bin/coldstart completion $$shell > bin/completions/coldstart.$$shell; done

clean: ## Remove what was built here, and the last rehearsal; not the cached toolchain
	@rm -rf bin dist .toolchain .coldstart
