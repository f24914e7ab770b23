# What people do every day. `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin
.PHONY: help demo test run worker lint fmt shell lock

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

lint: ## ruff, mypy, contracts, migrations, deploy check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	HTTPS=1 $(BIN)/python manage.py check --deploy --fail-level WARNING

fmt: ## format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
