# Two commands do it all: `make demo` and `make test`. Both set themselves up in .venv.
# Needs make and Python 3.11 or newer with venv (Debian: apt-get install make python3-venv).

PYTHON ?= python3
BIN    := .venv/bin
ARGS   ?=

# What was locked, by its hashes, is what runs. -qq: only errors; one library comes as source, at which pip grumbles.
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check
PROJECT := $(INSTALL) --no-deps --no-build-isolation --editable .
LOCK    := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help demo test bench torture fmt lock rings clean

help:
	@echo "make demo          the desk with a mail server of its own, playing a conversation (ARGS=--once: play, check, exit)"
	@echo "make test          lint, types, contracts and all tests, on real mail servers and databases"
	@echo "make bench         mails a second, seconds to an acknowledgement, memory (ARGS=…: see tests/bench)"
	@echo "make torture       kills, broken servers, full disks for hours, and a table of what held (ARGS=…: see docs/torture.md)"
	@echo "make fmt           format the code"
	@echo "make lock          resolve the dependencies again (ARGS=--upgrade for the newest)"

demo: .venv/demo-ready
	@$(BIN)/mailtickets demo $(ARGS)

test: .venv/test-ready rings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest $(ARGS)

bench: .venv/test-ready rings
	$(BIN)/python -m tests.bench $(ARGS)

torture: .venv/test-ready rings
	$(BIN)/python -m tests.torture $(ARGS)

fmt: .venv/test-ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: .venv/test-ready
	$(BIN)/$(LOCK) $(ARGS) --group build pyproject.toml --output-file requirements.lock
	$(BIN)/$(LOCK) $(ARGS) --group dev pyproject.toml --constraint requirements.lock --output-file requirements-dev.lock

rings:
	@.ci/rings

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/demo-ready: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what the desk needs into .venv (once) …"
	@$(INSTALL) --require-hashes --requirement requirements.lock
	@$(PROJECT)
	@touch $@

.venv/test-ready: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing what the desk and its tests need into .venv (once) …"
	@$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@$(PROJECT)
	@touch $@ .venv/demo-ready

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is missing or older than 3.11. Install it (Debian 12: apt-get install python3 python3-venv), or say which to take: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "$(PYTHON) cannot make a virtual environment. Debian: apt-get install python3-venv, then run make again."; exit 1; }
