# `make` or `make help` lists the targets. Everything happens in .venv; nothing is installed elsewhere.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Most tests wait for a process or a clock, so four workers keep two cores busy.
WORKERS ?= 4
# The slow ones wait even more.
SLOW_WORKERS ?= 6

# What is compiled is kept, or every worker and every command of a test would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test lint types imports tests slow n8n docs docs-check site proof bench bench-quick format prepare clean

help:            ## List the targets
	@grep -E '^[a-z0-9-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

run: setup       ## Run the platform: `make run ARGS=--once` passes arguments on to `ops up`
	@$(BIN)/ops up $(ARGS)

test: setup-dev lint types imports docs-check tests  ## Lint, types, import rules, printed docs, the default tests

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Master-Ops needs Python 3.11 or newer; name one with `make PYTHON=python3.12 ...`' >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo 'Installing Master-Ops into $(VENV) (the first time takes half a minute)' >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	@echo 'Installing Master-Ops and its development tools into $(VENV)' >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.installed

lint: setup-dev  ## Style and mistakes (ruff)
	@$(BIN)/ruff check src tests benchmarks scripts
	@$(BIN)/ruff format --check --quiet src tests benchmarks scripts || { echo 'Run `make format`.' >&2; exit 1; }

types: setup-dev ## Types (mypy, strict)
	@$(BIN)/mypy

imports: setup-dev  ## Which package may import which (import-linter)
	@$(BIN)/lint-imports --no-cache

tests: setup-dev ## The default test suite
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

slow: setup-dev  ## The tests that take long: platforms that are killed, pages that are tried, what ops new makes
	@$(BIN)/pytest -n $(SLOW_WORKERS) --dist worksteal -m 'slow and not n8n' $(ARGS)

n8n: setup-dev   ## The tests against a real n8n and Redis; n8n is installed the first time (some minutes, 3 GB)
	@$(BIN)/pytest -m n8n tests/n8n $(ARGS)

docs: setup-dev  ## Print the generated pages of docs/: cli, config, errors, events, python-api, schema, web-api
	@$(BIN)/python -m masterops.cli.printing docs

docs-check: setup-dev  ## Whether the generated pages are what the program prints
	@$(BIN)/python -m masterops.cli.printing docs --check

site: setup-dev  ## The documentation as a site in build/site; diagrams are checked by Mermaid (npm)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@$(BIN)/python -m tests.docs.site

proof: setup-dev ## Hundreds of rounds of the proof that no record is lost: `make proof ROUNDS=300`
	@$(BIN)/python -m tests.proof

bench: setup-dev ## The benchmarks; the table is in docs/benchmarks.md
	@$(BIN)/python -m benchmarks

bench-quick: setup-dev  ## Whether anything has become about twice as slow beside what it is compared with
	@MASTEROPS_BENCH_SCALE=0.1 $(BIN)/python -m benchmarks.quick

format: setup-dev  ## Format the code
	@$(BIN)/ruff check --fix --quiet src tests benchmarks scripts; $(BIN)/ruff format --quiet src tests benchmarks scripts

prepare: format test  ## What to run before a push

clean:           ## Remove what was built; data is not touched
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .import_linter_cache
