# SPDX-License-Identifier: Apache-2.0
# Two commands for a newcomer: `make demo` and `make test`. Both make .venv when it is missing.

PYTHON ?= $(shell python3.11 -c '' 2>/dev/null && echo python3.11 || echo python3)
BIN := .venv/bin
# A process for each core, at most eight: each takes up to 0.8 GB. WORKERS=0 runs every test in one process.
WORKERS ?= auto
PIP_INSTALL := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt

.PHONY: help demo test check bench wheel clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@echo 'make demo    a cold chain recorded, verified, tampered with and forecast, in .demo'
	@echo 'make test    every test'
	@echo 'make check   lint, format, types, import contracts'
	@echo 'make bench   speed and accuracy, as ratios to a limit or a peer of the same run'
	@echo 'make wheel   the wheel, in dist'
	@echo 'make clean   remove what the others made, but .venv'

demo: .venv/.runtime
	rm -rf .demo
	$(BIN)/trace demo .demo

test: .venv/.installed
	$(BIN)/python -m pytest -q -n $(WORKERS) --maxprocesses 8 --dist worksteal

check: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: .venv/.installed
	$(BIN)/python -m benchmarks

wheel: .venv/.installed
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist

clean:
	rm -rf .demo .bench dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

# pip comes last when an environment is made, so its presence says that the making was finished.
.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'trace needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv

.venv/.runtime: pyproject.toml constraints.txt | .venv/bin/pip
	@echo 'installing trace into .venv; this takes half a minute' >&2
	$(PIP_INSTALL) -e .
	@touch $@

.venv/.installed: pyproject.toml constraints.txt | .venv/bin/pip
	@echo 'installing trace and its development tools into .venv; this takes half a minute' >&2
	$(PIP_INSTALL) -e '.[dev]'
	@touch .venv/.runtime $@
