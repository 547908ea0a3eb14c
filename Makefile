# Everything a newcomer needs, from CPython 3.11+ and git alone:
#
#   make demo    the tour: errors, IR before and after batching, the timing chart
#   make test    lint, types, layers, and the tests
#
# The first call creates .venv and installs vtrace in it, in editable mode; later calls reuse it until pyproject.toml changes.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
BENCH_READY := $(VENV)/.installed-bench
PYTEST_ARGS ?=
BENCH_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint smoke bench bench-cuda clean

help:
	@echo "make demo | test | lint | smoke | bench | bench-cuda | clean"

demo: $(READY)
	$(BIN)/vtrace demo

test: lint
	$(BIN)/pytest -n auto $(PYTEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict vtrace
	$(BIN)/lint-imports

smoke: $(READY)
	$(BIN)/pytest -m smoke -n auto $(PYTEST_ARGS)

bench: $(BENCH_READY)
	$(BIN)/python -m benchmarks.run $(BENCH_ARGS)

bench-cuda: $(READY)
	$(BIN)/python -m benchmarks.cuda

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "vtrace needs CPython 3.11 or newer on the PATH (or: make PYTHON=/path/to/python)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(READY): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(BENCH_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@
