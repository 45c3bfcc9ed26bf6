# `make demo` builds and runs the main job, `make test` runs every test. Both, and CI, share one
# profile (dev) and one target folder; only the benchmarks build release.
.DEFAULT_GOAL := help
SHELL := /bin/bash
CARGO ?= cargo
VERITRAIL_VECTORS ?= $(abspath ../shared/vectors)
export VERITRAIL_VECTORS
# Another proof system, for tests and a benchmark: a workspace of its own, built last.
PEERS := --manifest-path provenance/proof/peers/Cargo.toml --locked --target-dir $(or $(CARGO_TARGET_DIR),target)

.PHONY: help
help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.PHONY: build
build: ## Build the binary in the profile that demo, tests and CI share
	# With a test among the targets, so that features resolve as `make test` resolves them and no
	# dependency is compiled twice.
	$(CARGO) build --workspace --bin veritrail --test cli --locked

.PHONY: demo
demo: build ## Build, then walk the whole trail on real data (about 10 s after the build)
	@"$$($(CARGO) metadata --format-version 1 --no-deps | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')/debug/veritrail" demo

.PHONY: test
test: packages ## Run all tests
	$(CARGO) test --workspace --locked
	$(CARGO) test $(PEERS)

# A system package that a test needs is named in .ci/packages with what its lack leaves out.
.PHONY: packages
packages:
	@.ci/packages

.PHONY: lint
lint: ## Format, clippy, rustdoc and tidy, as CI runs them
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path provenance/proof/peers/Cargo.toml --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) clippy $(PEERS) --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --lib --bins --examples --locked
	.ci/tidy

.PHONY: deny
deny: ## Check licences, bans and sources of all dependencies
	.ci/deny

.PHONY: advisories
advisories: ## Check dependencies against the advisory database (needs the network)
	.ci/deny advisories

# Benchmarks are built for the whole workspace, so that all of them share one release build.
.PHONY: bench-publish
bench-publish: ## Publish 1 GiB beside hashing and copying it, in the release profile
	$(CARGO) bench --locked --workspace --bench publish

.PHONY: bench-peer
bench-peer: ## Fetch 64 MiB over loopback beside iroh-blobs' own store, in the release profile
	$(CARGO) bench --locked --workspace --bench peer

.PHONY: bench-compute
bench-compute: ## Exact aggregates beside plain ones, time and peak memory, in the release profile
	$(CARGO) bench --locked --workspace --bench compute

.PHONY: bench-proof
bench-proof: ## Zero-knowledge statements over a million rows, in the release profile
	$(CARGO) bench $(PEERS) --bench proof

.PHONY: mutants-proof
mutants-proof: ## Remove the checks of zero-knowledge statements one by one and see tests fail
	.ci/mutants
