# Each target is one command of the CLI or of a tool. `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Without bytecode, each of about a hundred processes would compile every package.
unexport PYTHONDONTWRITEBYTECODE
# `orderpulse` sets up its own environment; this is for tools that are called directly.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP NODE_ENV NPM_CONFIG_OMIT NPM_CONFIG_PRODUCTION NODE_OPTIONS

.DEFAULT_GOAL := help
.PHONY: help install up dev down status logs reset bench check test test-slow test-cluster test-containers chaos screenshots lint lint-python \
	lint-frontend audit audit-python audit-frontend sbom licences format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Create .venv with the packages in requirements.lock
	@$(PYTHON) -I stack/bootstrap.py

up: install ## Start the platform and show what runs where
	@orderpulse up

dev: install ## The platform, reloading API, dashboard and Dagster after each edit; Ctrl-C ends the reloading
	@orderpulse dev

down: install ## Stop everything
	@orderpulse down

status: install ## Show what runs where, and whether it is healthy
	@orderpulse status

logs: install ## Follow a log: make logs NAME=spark_stream
	@orderpulse logs --follow $(or $(NAME),spark_stream)

reset: install ## Delete all data of a stopped platform
	@orderpulse reset

bench: install ## Measure throughput, latency and memory
	@orderpulse bench

check: install lint ## Lint, then the unit and contract tests: two minutes, for the inner loop
	@python -m pytest tests/unit tests/contract --numprocesses 2 --dist loadscope

test: install lint ## Lint, then every test that CI runs
	@python -m pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder

test-slow: install ## The tests that make test leaves out: further kills, repairs with a real Spark
	@python -m pytest -m slow

test-cluster: install ## Brokers, replica and Spark as a cluster, and the whole cluster profile
	@python -m pytest tests/cluster -m "slow or not slow"

test-containers: install ## The platform in real containers, both profiles: root on Debian, half an hour
	@python -m pytest tests/containers -m containers -v --capture=no

chaos: install ## Kill each process under load, three rounds in random order
	@python -m pytest tests/chaos -m "slow or not slow" --chaos-rounds 3

screenshots: install ## Take the pictures of the documentation from the running platform
	@python -m tests.e2e.screenshots

lint: install ## Style, types, direction of imports, SQL
	@$(MAKE) --no-print-directory --jobs 2 lint-python lint-frontend

lint-python:
	@ruff check --quiet .
	@ruff format --quiet --check .
	@mypy
	@lint-imports --no-cache
	@sqlfluff lint --disable-progress-bar --nocolor database dbt_project/models dbt_project/macros

lint-frontend:
	@orderpulse frontend --packages
	@npm --prefix frontend run --silent lint

audit: install ## Check the locked packages for known vulnerabilities
	@$(MAKE) --no-print-directory --keep-going audit-python audit-frontend

audit-python:
	@pip-audit --require-hashes --disable-pip --progress-spinner off -r bootstrap.lock -r requirements.lock

audit-frontend:
	@npm --prefix frontend audit --package-lock-only

sbom: install ## Write the bill of materials, build/orderpulse.cdx.json (CycloneDX)
	@python -m stack.supply bill

licences: install ## Write docs/reference/licences.md
	@python -m stack.supply licences

format: install ## Format the code
	@ruff check --fix --quiet .
	@ruff format --quiet .
	@orderpulse frontend --packages
	@npm --prefix frontend run --silent format

clean: down ## Stop everything and remove .venv, tool caches and build output; keep data and the package cache
	@git clean -fdXq -e '!.env' -e '!.data' -e '!checkpoints' .
