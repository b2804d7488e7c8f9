# Each target is one command of the CLI or of a tool. `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Without bytecode each of some hundred processes would compile every package anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install up down status logs reset bench test test-slow test-cluster chaos screenshots lint lint-python \
	lint-frontend audit sbom licences format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Make .venv with what requirements.lock lists
	@$(PYTHON) stack/bootstrap.py

up: install ## Start the platform and show what runs where
	@orderpulse up

down: install ## Stop everything
	@orderpulse down

status: install ## Show what runs where, and whether it is well
	@orderpulse status

logs: install ## Follow a log: make logs NAME=spark_stream
	@orderpulse logs --follow $(or $(NAME),spark_stream)

reset: install ## Throw away all data of a stopped platform
	@orderpulse reset

bench: install ## Measure throughput, latency and memory
	@orderpulse bench

test: install lint ## Lint, then every test that CI runs
	@python -m pytest --numprocesses 2 --dist loadscope

test-slow: install ## The tests that make test leaves out: further kills, repairs with a real Spark
	@python -m pytest -m slow

test-cluster: install ## Brokers, replica and Spark as a cluster, and the whole cluster profile
	@python -m pytest tests/cluster -m "slow or not slow"

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

audit: install ## Look for known weaknesses of the locked packages, where the advisories can be reached
	@python -m stack.supply audit

sbom: install ## Write the bill of materials, build/orderpulse.cdx.json (CycloneDX)
	@python -m stack.supply bill

licences: install ## Write docs/licences.md
	@python -m stack.supply licences

format: install ## Format the Python code
	@ruff check --fix --quiet .
	@ruff format --quiet .

clean: down ## Stop everything and remove .venv, tool caches and build output; keep data and the package cache
	@git clean -fdXq -e '!.env' -e '!.data' -e '!checkpoints' .
