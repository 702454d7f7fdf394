# Every target makes its own set-up: a virtual environment with the pinned versions of constraints.txt.
PYTHON ?= python3
VENV   ?= .venv
# Processes that share the tests, a file at a time; each has a Postgres of its own.
WORKERS ?= 2
BIN     = $(VENV)/bin
READY   = $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo dev test test-slow checks lint format docs pictures bench clean

help:  ## What there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(not (3, 10) <= v < (3, 14) and f"Python 3.10 to 3.13 is needed, and {sys.executable} is {v[0]}.{v[1]}. Name another: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY)  ## The sample days from JSON to live tables, one of them held, a sample deployment of the service, and what came of them
	@$(BIN)/groups-platform demo

dev: $(READY)  ## The Dagster UI at http://127.0.0.1:3000, with Postgres and the sensor
	@$(BIN)/groups-platform dev

test: $(READY)  ## All tests but the slow ones
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m 'not slow'

test-slow: $(READY)  ## The tests that take minutes, and those of the engine on a JVM
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[jvm]'
	$(BIN)/python -m pytest --spark=jvm -m 'not slow'
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m slow

checks: $(READY)  ## Every asset check on the newest applied day; exits 1 if one of severity error fails
	@$(BIN)/groups-platform checks

lint: $(READY)  ## Format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --python-version 3.10
	$(BIN)/mypy docs/site
	$(BIN)/lint-imports

format: $(READY)  ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)  ## The documentation as a site, in build/docs; links that lead nowhere fail
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict --config-file docs/site/mkdocs.yml
	@echo "Open $(CURDIR)/build/docs/index.html in a browser."

pictures: $(READY)  ## The pictures of the README anew, by a Chromium on the PATH
	$(BIN)/python docs/site/pictures.py

bench: $(READY)  ## The directory beside dlt and a DuckDB script (SIZES="1000 100000"), the service beside bare SQL, the audit log; some 25 minutes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m benchmarks.run $(SIZES)
	$(BIN)/python -m benchmarks.usage
	$(BIN)/python -m benchmarks.group_actions
	$(BIN)/python -m benchmarks.audit 1000000

clean:  ## Stop the embedded Postgres, remove the virtual environment and caches; data under GROUPS_HOME stays
	@if [ -x $(BIN)/groups-platform ]; then $(BIN)/groups-platform db stop; fi
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache spark-warehouse
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "The database and the lake stay in $${GROUPS_HOME:-~/.groups_platform}; remove that folder to begin anew."
