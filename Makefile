# Run `make` to see what there is. Each command works from a clean clone.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME ?= 10s
BENCH ?=
web_sources := $(shell find web/src web/public -type f 2>/dev/null) web/index.html web/vite.config.ts web/tsconfig.json web/package-lock.json

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build, and serve the demo city on 127.0.0.1:8080
	bin/chengshu serve --demo

# DuckDB needs the C++ runtime. Every Debian has it, but the name by which a linker finds it comes with g++ only.
ifeq ($(shell command -v g++),)
export CGO_LDFLAGS := -L$(CURDIR)/out/lib $(CGO_LDFLAGS)
build: out/lib/libstdc++.so
endif

out/lib/libstdc++.so:
	mkdir -p out/lib
	ln -sf "$$(gcc -print-file-name=libstdc++.so.6)" $@

.PHONY: build
build: web/dist/index.html ## bin/chengshu, with the web application in it
	@test -s web/dist/index.html || { echo 'web/dist is empty: the program would have no pages' >&2; exit 1; }
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/chengshu ./cmd/chengshu

# Rebuilt only when something of the application changed.
web/dist/index.html: web/node_modules/.package-lock.json $(web_sources)
	npm run --prefix web --silent build

web/node_modules/.package-lock.json: web/package-lock.json
	npm ci --prefix web --no-audit --no-fund --no-update-notifier --loglevel=error

test/e2e/node_modules/.package-lock.json: test/e2e/package-lock.json
	npm ci --prefix test/e2e --no-audit --no-fund --no-update-notifier --loglevel=error

.PHONY: test
test: ## everything a change must pass; installs what it needs, or says what it left out
	@scripts/test

.PHONY: check
check: ## the fast part of test, under two minutes
	@scripts/check

.PHONY: bench
bench: ## side-by-side benchmarks, one JSON line each [BENCH=name]
	@go run ./bench $(if $(BENCH),-bench $(BENCH))

.PHONY: fuzz
fuzz: ## run every fuzz test for a while [FUZZTIME=10s]
	@git ls-files -co --exclude-standard '*_test.go' | xargs grep -l '^func Fuzz' | while read -r file; do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$file"); do \
			echo "== $$(dirname "$$file") $$name"; \
			go test "./$$(dirname "$$file")" -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME); \
		done; \
	done

.PHONY: e2e
e2e: build test/e2e/node_modules/.package-lock.json ## the tests in a browser [SCREENSHOTS=docs renews the pictures of the guides]
	npm run --prefix test/e2e --silent test

.PHONY: clean
clean: ## remove what was built; data/ stays
	rm -rf bin out
	find web/dist -mindepth 1 ! -name .keep -delete
