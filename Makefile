# `make run` and `make test` need Python 3.11 and make, nothing else.
SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
BOOT_PYTHON := $(or $(PYTHON),$(shell command -v python3.11 || command -v python3))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1
export UV_SYSTEM_CERTS := 1

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 12

# --- environment -----------------------------------------------------------
# The stamps are what makes the second start quick: a lock file newer than its
# stamp is the only reason to install again.

$(BIN)/python:
	@$(BOOT_PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 or newer is missing: install it, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "→ Making the environment in $(VENV)"
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --python "$(BOOT_PYTHON)" $(VENV); \
	elif $(BOOT_PYTHON) -c 'import ensurepip' 2>/dev/null; then \
		$(BOOT_PYTHON) -m venv $(VENV); \
	elif $(BOOT_PYTHON) -c 'import pip' 2>/dev/null; then \
		$(BOOT_PYTHON) -m pip install --quiet --target .boot --require-hashes --no-deps -r requirements-boot.txt \
		&& PYTHONPATH=.boot $(BOOT_PYTHON) -m virtualenv --quiet $(VENV) && rm -rf .boot; \
	else \
		echo "This Python has neither ensurepip nor pip: install python3.11-venv (Debian, Ubuntu) or uv, then try again."; exit 1; \
	fi

# A machine's package settings may be pip's alone, so pip has the last word.
define install
	@echo "→ Installing the dependencies of $(1)"
	@if command -v uv >/dev/null 2>&1 \
		&& uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r $(1) $(2); then :; else \
		$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
		$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r $(1) $(2); \
	fi
	@touch $@
endef

$(VENV)/.demo-stamp: requirements-demo.txt | $(BIN)/python
	$(call install,requirements-demo.txt)

$(VENV)/.dev-stamp: requirements-dev.txt | $(BIN)/python
	$(call install,requirements-dev.txt)

# --- the product -----------------------------------------------------------

.PHONY: run
run: $(VENV)/.demo-stamp ## the site with a demo gym, at http://localhost:8000 (PORT= moves it)
	@exec $(BIN)/python -m finova.supervisor

.PHONY: psql
psql: $(VENV)/.demo-stamp ## a prompt on the database that `make run` uses
	@exec $(BIN)/python manage.py dbshell

# --- its proof -------------------------------------------------------------

.PHONY: browser
browser: $(VENV)/.dev-stamp
	@$(BIN)/python -m tests.browser.chromium

.PHONY: test
test: $(VENV)/.dev-stamp browser ## every test, those in a real browser included
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

.PHONY: stress
stress: $(VENV)/.dev-stamp ## the long races, faults and input floods; ten minutes at most
	@STRESS=1 $(BIN)/python -m pytest -m stress -n 2 --dist loadgroup $(PYTEST_ARGS)

.PHONY: check
check: $(VENV)/.dev-stamp ## format, lint, types, migrations in step, deployment check, lock files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	FINOVA_ENV=development $(BIN)/mypy
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run
	FINOVA_ENV=production SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		DATABASE_URL=postgresql:///finova ALLOWED_HOSTS=gym.example EMAIL_URL=smtp://localhost \
		$(BIN)/python manage.py check --deploy --fail-level WARNING
	! grep -nE 'https?://|file:|index-url|find-links' requirements*.txt

# What makes the mutants stays out of the environment: its versions are its own.
.mutants/.stamp: requirements-mutants.txt $(VENV)/.dev-stamp
	@mkdir -p .mutants
	$(call install,requirements-mutants.txt,--target .mutants/lib)

.PHONY: mutants
mutants: .mutants/.stamp ## change the rules in a thousand small ways, and see a test turn red each time
	@PYTHONPATH=.mutants/lib $(BIN)/python -m tests.mutants.plant \
		bookings/policy.py $(filter-out %/invariants.py,$(wildcard bookings/domain/*.py)) > .mutants/all.jsonl
	@$(BIN)/python -m tests.mutants.run .mutants/all.jsonl

.PHONY: screenshots
screenshots: $(VENV)/.dev-stamp browser ## the README's pictures, taken from the demo gym
	@$(BIN)/python -m tests.browser.screenshots

.PHONY: format
format: $(VENV)/.dev-stamp ## lay the code out
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: messages
messages: $(VENV)/.dev-stamp ## bring the translations' catalogues in step with the sources
	@$(BIN)/python -m finova.catalogues

.PHONY: lock
lock: ## compile the lock files anew from pyproject.toml (needs uv)
	@for extras in "requirements.txt:" "requirements-demo.txt:--extra demo" "requirements-dev.txt:--extra demo --extra dev"; do \
		uv pip compile pyproject.toml $${extras#*:} --universal --python-version 3.11 --generate-hashes \
			--no-header --no-annotate --exclude-newer "14 days" --quiet -o $${extras%%:*} || exit 1; \
	done
	@for tool in "virtualenv:requirements-boot.txt" "mutmut:requirements-mutants.txt"; do \
		echo $${tool%%:*} | uv pip compile - --universal --python-version 3.11 --generate-hashes \
			--no-header --no-annotate --exclude-newer "14 days" --quiet -o $${tool#*:} || exit 1; \
	done
