# The commands for daily work. The configuration of the tools is in pyproject.toml.

PYTHON ?= python3
VENV   ?= .venv
PORT   ?= 8000

# The environment for Django's deployment checks, which do not connect to these addresses.
DEPLOYED ?= DJANGO_SETTINGS_MODULE=settings.production \
	SECRET_KEY=for-the-checks-alone-0123456789-abcdefghijklmnopqrstuvwxyz \
	DATABASE_URL=postgresql://newsstand@database.invalid/newsstand \
	REDIS_URL=redis://cache.invalid/0 INTERNAL_TOKEN=for-the-checks-alone-0123456789-abcdef \
	MEDIA_ROOT=/nonexistent/media STATIC_ROOT=/nonexistent/static \
	ADMIN_HOST=admin.newsstand.invalid INTERNAL_HOST=internal.newsstand.invalid TRUSTED_PROXIES=192.0.2.1

# Combinations of the files in compose/, and the variables that they require.
SHAPES   := compose.yml compose.yml:pinned.yml compose.yml:split.yml compose.yml:neighbour.yml \
	compose.yml:pinned.yml:split.yml
COMPOSED := COMPOSE_ENV_FILES=example.env SECRET_KEY=x INTERNAL_TOKEN=x POSTGRES_PASSWORD=x REDIS_PASSWORD=x \
	TECHBLOG_SITE_ID=1 FINANCEBLOG_SITE_ID=2 OUTER_NETWORK=x

VNU_VERSION        := 26.9.27
LIGHTHOUSE_VERSION := 12.8.2
UV_VERSION         := 0.13.8
UV         := .tools/uv-$(UV_VERSION)/bin/uv
BIN        := $(VENV)/bin

export UV_PYTHON_DOWNLOADS := never
export UV_PYTHON_PREFERENCE := only-system

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run stack test bench lint format lock validators

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  PORT=8001 uses another port. PYTHON=python3.13 VENV=.venv-3.13 uses another Python.'

run: export PORT := $(PORT)
run: $(VENV)/.base ## Install the libraries, create the demo and serve it on this machine
	@exec $(BIN)/python manage.py serve

# PORT is not exported here: devstack has a default of its own and reads PORT only if it is set.
stack: $(VENV)/.dev ## Serve the demo with the processes of a server: Traefik, two gunicorns, PostgreSQL, Redis
	@exec $(BIN)/python -m devstack

# Three runs in parallel that take about the same time. Much of it is waiting for servers.
PYTEST := $(BIN)/python -m pytest
SEPARATE  := tests/pagecache tests/transfer tests/blogs/test_queries.py tests/accounts/test_admin_parameters.py
test: $(VENV)/.dev ## Run all tests: on PostgreSQL and Redis, some also on SQLite, some through Traefik
	@logs=$$(mktemp -d); failed=; \
	$(PYTEST) -m 'not pure and not long' $(SEPARATE) > $$logs/separate 2>&1 & separate=$$!; \
	{ DATABASE=sqlite $(PYTEST) -m 'sqlite or pure'; failed=$$?; \
		$(PYTEST) -m stack && exit $$failed; } > $$logs/others 2>&1 & others=$$!; \
	$(PYTEST) -m 'not pure and not stack and not long' $(SEPARATE:%=--ignore=%) || failed=yes; \
	wait $$separate || failed=yes; \
	wait $$others || failed=yes; \
	echo 'Output of the parallel runs: page cache, importer and parameters of the admin; tests on SQLite or without a database; tests of the stack:'; \
	cat $$logs/separate $$logs/others; rm -r $$logs; test -z "$$failed"

# Tests that need a validator which is not installed are skipped.
validators: ## Install the validators of pages that come from npm, for `make test`
	npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix .tools/npm \
		vnu-jar@$(VNU_VERSION) lighthouse@$(LIGHTHOUSE_VERSION)

bench: $(VENV)/.dev ## Measure the figures that README quotes; takes half an hour on an otherwise idle machine
	$(BIN)/python -m pytest -s -m long
	$(BIN)/python -m benchmarks

# The settings require DATABASE_URL; no check here queries the database.
lint: export DATABASE_URL := sqlite://:memory:
lint: $(VENV)/.dev ## Check formatting, code, types, imports, templates, migrations, settings and container files
	$(BIN)/ruff format --check . compose/smoke
	$(BIN)/ruff check . compose/smoke
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.support.words
	$(BIN)/djlint --lint --quiet accounts blogs tenancy
	$(BIN)/python manage.py makemigrations --check --dry-run --settings settings.test
	@echo '$(BIN)/python manage.py check --deploy --fail-level WARNING'
	@$(DEPLOYED) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/hadolint compose/Dockerfile
	@cd compose && for shape in $(SHAPES); do \
		echo "docker-compose config of $$shape"; \
		$(COMPOSED) COMPOSE_FILE=$$shape ../$(BIN)/docker-compose config --quiet || exit; \
	done

format: $(VENV)/.dev ## Format the code and apply automatic fixes
	$(BIN)/ruff check --fix-only . compose/smoke
	$(BIN)/ruff format . compose/smoke

# Each list is constrained by the one before it, so that all environments use the same versions.
# LOCK=--upgrade selects the newest versions; without it, versions change only where the .in files require it.
lock: $(UV) ## Pin the requirements of requirements/*.in (LOCK=--upgrade: to the newest versions)
	cd requirements && for list in base production:base test:production dev:test ../benchmarks/peer/requirements:production; do \
		../$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(LOCK) \
			$$(test "$$list" = base || echo --constraint "$${list#*:}.txt") \
			"$${list%:*}.in" --output-file "$${list%:*}.txt" || exit; \
	done
	@! grep -n '://' requirements/* benchmarks/peer/requirements.*

# Stamp files: each records that its requirements are installed, so that the next run skips the installation.

$(UV):
	@echo 'Getting uv …'
	@$(PYTHON) -m pip install --quiet --quiet --disable-pip-version-check --no-input --upgrade \
		--target .tools/uv-$(UV_VERSION) uv==$(UV_VERSION)

$(BIN)/python: | $(UV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"Newsstand needs Python 3.11 or newer. Choose one: make PYTHON=python3.13 …")'
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)

# Installs without removing other packages, so that those of the tests stay.
$(VENV)/.base: requirements/base.txt | $(BIN)/python
	@echo 'Installing the libraries …'
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes --requirements requirements/base.txt
	@touch $@

# dev.txt contains all of base.txt, so this rule updates both stamps.
$(VENV)/.dev: requirements/dev.txt | $(BIN)/python
	@echo 'Installing the libraries and the test requirements …'
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@touch $(VENV)/.base $@
