# One word for each thing a person does here; `make help` lists them.
# Needs python3.11 or newer (with venv), make and git. Everything else is installed into .venv and node_modules.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
VENV := .venv
RUN := $(VENV)/bin/python

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Dozens of processes start here; each would compile the product anew where the machine forbids keeping what was compiled.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test check bench fuzz format clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  PORT=8001 changes the port of the demonstration, RESET=1 starts its data over, PYTHON= picks the interpreter."

setup: ## install what the product needs
	@PYTHON="$(PYTHON)" tools/setup product

setup-dev: setup
	@PYTHON="$(PYTHON)" tools/setup checks

demo: ## run the demonstration laboratory on http://127.0.0.1:8000 until Ctrl-C
	@"$(PYTHON)" -m lims.stack preflight
	@$(MAKE) --no-print-directory setup
	@exec $(RUN) -m lims.stack --with-parent demo

# One process more than cores, because some tests wait for servers and browsers; in order, or the longest would begin last.
test: setup-dev ## run all tests against real servers
	@echo "• Preparing page assets and fonts"
	@$(RUN) manage.py prepare_assets
	$(RUN) -m pytest --numprocesses $$(($$(nproc) + 1)) --dist loadfile --no-loadscope-reorder

check: setup-dev ## run every static check
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(RUN) manage.py makemigrations --check --dry-run
	$(RUN) manage.py check --fail-level WARNING
	$(RUN) tools/check_templates.py
	$(RUN) tools/write_reference.py --check
	$(RUN) manage.py spectacular --validate --fail-on-warn --file /dev/null

bench: setup-dev ## measure, as ratios in one run
	@exec $(RUN) -m lims.stack --with-parent run $(RUN) -m bench

fuzz: setup-dev ## send EXAMPLES (20) drawn requests and every hostile value to each operation of the interface, as every kind of caller
	@echo "• Preparing page assets and fonts"
	@$(RUN) manage.py prepare_assets
	LIMS_FUZZ_EXAMPLES=$${EXAMPLES:-20} $(RUN) -m pytest tests/lims/demo -k breaks_the_interface

format: setup-dev ## put the code into its standard form
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

clean: ## remove what set-up and checks made; the data in var/ stay
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
