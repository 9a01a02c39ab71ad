# Two commands do everything on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.made-$(shell cat requirements.txt requirements-dev.txt | cksum | cut -d' ' -f1)
# What only tools see: real settings come from var/hub.env (make up) or the environment (production).
TOOL_ENV := SECRET_KEY=tools-only HUB_KEYS=tools=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY= \
	DATABASE_URL=sqlite://:memory: HUB_LOG_LEVEL=ERROR
TEMPLATES := $(shell find templates */templates -name '*.html' -print -quit 2>/dev/null)
WORKERS ?= 2

.PHONY: help venv demo up n8n assets browser spark test lint test-sqlite test-postgres evidence format bench screenshots doctor clean

help: ## Explain every target
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(STAMP) ## Make .venv with everything the hub and its tests need (again only when the requirements change)

$(STAMP): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "The hub needs Python 3.11 or newer; $(PYTHON) is older. Name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python cannot make virtual environments. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the Python packages (pyspark is 450 MB: the first time takes a few minutes)..."
	@$(PY) -m uv --version >/dev/null 2>&1 || $(PY) -m pip install --quiet --disable-pip-version-check uv
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) UV_HTTP_TIMEOUT=300 $(PY) -m uv pip install -r requirements-dev.txt
	@rm -f $(VENV)/.made-*
	@touch $@

demo: venv ## Run the main job on real n8n and Spark, then keep serving it on 127.0.0.1:PORT (ONCE=1 stops and checks)
	@PORT=$(PORT) ONCE=$(ONCE) exec $(PY) -m demo

up: venv ## Start the hub and all its parts on 127.0.0.1:PORT (N8N_URL and N8N_API_KEY use your own n8n; HUB_N8N=off none)
	@PORT=$(PORT) exec $(PY) -m embedded.up

n8n: venv ## Install Node 24 and n8n once per machine, in the cache folder (HUB_CACHE_DIR)
	@$(PY) -m embedded.n8n install

assets: venv ## Install the pages' style and icons from npm, as package-lock.json says
	@$(PY) -m embedded.assets

browser: ## Install Chromium for the tests of the pages, where this may be done (Debian, as root)
	@command -v chromium >/dev/null || if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium (100 MB)..."; apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
	else echo "Chromium is missing, so the tests of the pages are skipped. On Debian: sudo apt-get install chromium"; fi

spark: venv ## Make local Spark runs start in half the time: Java's class archive, once per machine, in the cache folder
	@$(TOOL_ENV) $(PY) manage.py prepare_spark

test: venv ## Install what is needed, then run lint and every test: SQLite with real engines, then PostgreSQL
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory n8n assets browser spark
	@$(MAKE) --no-print-directory test-sqlite
	@$(MAKE) --no-print-directory test-postgres

lint: venv ## Check style, types, import directions, templates, Django's own checks, migrations and the API's schema
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(TOOL_ENV) $(VENV)/bin/mypy
	$(TOOL_ENV) $(VENV)/bin/lint-imports
ifneq ($(TEMPLATES),)
	$(VENV)/bin/djlint . --extension=html --check
	$(VENV)/bin/djlint . --extension=html --lint
endif
	$(TOOL_ENV) $(PY) manage.py check --fail-level WARNING
	$(TOOL_ENV) SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(48))') \
		$(PY) manage.py check --deploy --fail-level WARNING
	$(TOOL_ENV) $(PY) manage.py makemigrations --check --dry-run
	$(TOOL_ENV) $(PY) manage.py spectacular --validate --fail-on-warn --file /dev/null

test-sqlite: venv ## Run every test on SQLite, with the real n8n and the real Spark
	$(VENV)/bin/pytest -n $(WORKERS) --dist loadgroup

test-postgres: venv ## Run the tests that need no engine on a PostgreSQL started for them
	$(PY) -m embedded.postgres $(VENV)/bin/pytest -n $(WORKERS) -m "not n8n and not spark and not processes and not browser"

evidence: venv ## Run what shows that the built-in connectors work, and write it down in their folders
	$(VENV)/bin/pytest -n 0 -m evidence --write-evidence connectors/tests/test_evidence.py integrations/tests/n8n integrations/tests/spark

format: venv ## Rewrite code and templates in the house style
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .
ifneq ($(TEMPLATES),)
	$(VENV)/bin/djlint . --extension=html --reformat --quiet
endif

bench: venv ## Measure the hub against its bare engines, side by side, and print the ratios
	@exec $(PY) -m bench

screenshots: venv ## Take the README's pictures of the demo into docs/images (needs Chromium)
	@$(MAKE) --no-print-directory n8n assets
	@exec $(PY) -m demo.pictures

doctor: venv ## Say what is wrong with this installation and how to mend it
	@exec $(PY) -m embedded.manage doctor

clean: ## Remove caches and the virtual environment; var/ (your data and keys) stays
	rm -rf $(VENV) staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
