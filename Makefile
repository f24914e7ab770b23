# What people do every day. `make` or `make help` lists it.
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
PORT ?= 8000
# The first that runs and is in range: a name on the PATH may be a shim of a version not chosen.
RIGHT := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(RIGHT)' >/dev/null 2>&1 && { echo $$p; break; }; done)
.DEFAULT_GOAL := help
.PHONY: help install dev demo test run worker lint fmt shell lock

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/installed: requirements.lock
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.14 here: install one (Debian: apt install python3 python3-venv) or name it: make PYTHON=/path/to/python3.12 demo"; exit 1; }
	@$(PYTHON) -c '$(RIGHT)' || { echo "PYTHON=$(PYTHON): must be Python 3.11 to 3.14"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "Python's venv is missing (Debian: apt install python3-venv)."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the locked packages (about 5 GB, mostly torch; a few minutes)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

install: .venv/installed ## the virtual environment with the locked packages
dev: .venv/installed-dev ## the same, with what tests and lint need

demo: install ## the whole loop on this machine, then the site (ARGS=--no-serve stops before)
	$(MANAGE) demo $(ARGS)

test: dev ## every test (ARGS=... go to pytest)
	$(BIN)/python -m pytest $(ARGS)

run: install ## the site on 127.0.0.1:8000 (PORT=...)
	$(MANAGE) migrate --verbosity 0
	$(MANAGE) collectstatic --noinput --verbosity 0
	$(BIN)/gunicorn evalsite.wsgi --bind 127.0.0.1:$(PORT) --workers 2 --threads 4

worker: install ## a worker for the cpu queue, with the scheduler
	$(BIN)/celery -A evalsite worker --beat --queues cpu --concurrency 1 --loglevel info

lint: dev ## ruff, mypy, the contracts between rooms, migrations, deploy check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MANAGE) makemigrations --check --dry-run
	HTTPS=1 $(MANAGE) check --deploy --fail-level WARNING

fmt: dev ## format, and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

shell: install ## Django's shell
	$(MANAGE) shell

lock: dev ## resolve both locks anew (one resolver run each)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --fork-strategy fewest --python-version 3.11 --no-annotate --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --fork-strategy fewest --python-version 3.11 --no-annotate --no-header -c requirements.lock pyproject.toml --group dev -o requirements-dev.lock
