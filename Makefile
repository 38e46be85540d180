# Two commands for a newcomer: `make run` and `make test`. The rest is for people who work on the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE ?=
WORKERS ?= 2
COVERED_WHOLLY := reviewapp/stats/*,annotations/queue/*,reviewapp/accounts/access.py,reviewapp/accounts/roles.py,reviewapp/accounts/closed.py

INSTALL = if command -v uv >/dev/null 2>&1; \
	then uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r $(1); \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r $(1); fi

.PHONY: run test check lint types bench simulate lock clean
.DEFAULT_GOAL := run

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "This Python cannot make environments: install its venv package (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.run-stamp: requirements.lock | $(BIN)/python
	@echo "Installing what the app needs into $(VENV) …"
	@$(call INSTALL,requirements.lock)
	@touch $@

$(VENV)/.dev-stamp: requirements-dev.lock $(VENV)/.run-stamp
	@echo "Installing what the tests need into $(VENV) …"
	@$(call INSTALL,requirements-dev.lock)
	@touch $@

run: $(VENV)/.run-stamp  ## start everything: http://127.0.0.1:8000 (PORT, DATA_DIR; ARGS="--no-demo")
	@exec $(BIN)/python manage.py up $(ARGS)

# Everything: on two cores, with branch coverage and its floors. What ARGS names: in one process, which starts sooner.
test: $(VENV)/.dev-stamp  ## run the tests (ARGS="-k name" narrows)
ifeq ($(strip $(ARGS)),)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov
	@$(BIN)/coverage report --fail-under=100 --include='$(COVERED_WHOLLY)'
else
	@exec $(BIN)/python -m pytest $(ARGS)
endif

lint: $(VENV)/.dev-stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	@! grep -n '://' requirements*.lock || (echo "a lock file names a registry host" && exit 1)

types: $(VENV)/.dev-stamp
	$(BIN)/mypy

check: lint types test

bench: $(VENV)/.dev-stamp  ## measure; see docs/benchmarks.md
	@exec $(BIN)/python -m tests.benchmarks $(ARGS)

simulate: $(VENV)/.dev-stamp  ## the slow simulations behind docs/statistics.md
	@exec $(BIN)/python -m pytest -m slow tests/stats $(ARGS)

lock:  ## renew both lock files from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml --extra dev -o requirements-dev.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .coverage
