# make run: everything it takes, then Leadline on http://127.0.0.1:8080. make test: everything it takes, then every check.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: build run test bench growth gen fmt lint setup-build setup-test

ISLANDS := islands/dist/manifest.json
ISLAND_SOURCES := $(shell find islands/src islands/styles -type f) islands/build.mjs islands/package-lock.json

build: setup-build $(ISLANDS)
	cargo build --release --package leadline

run: build
	./target/release/leadline up

test: setup-test $(ISLANDS)
	scripts/test

lint: $(ISLANDS)
	scripts/lint

# With PEERS=DIRECTORY (the harness of the peers) these are measured beside Leadline too.
bench: build
	bench/run
	bench/endurance
	@if [ -n "$(PEERS)" ]; then bench/peers bench; fi

# The same requests over 100,000, 1,000,000 and 5,000,000 leads.
growth: build
	bench/growth

# What is generated from the code and kept beside it: the API's document, the golden list of routes.
gen: $(ISLANDS)
	scripts/generate

fmt:
	cargo fmt --all

setup-build:
	@scripts/setup build

setup-test:
	@scripts/setup test

$(ISLANDS): $(ISLAND_SOURCES)
	npm --prefix islands ci --no-audit --no-fund
	npm --prefix islands run build
	@touch $@
