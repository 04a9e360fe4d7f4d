# The few commands people type. Everything a tool needs to know is in pyproject.toml.

PYTHON ?= python3
VENV   ?= .venv
PORT   ?= 8000

# A deployment for Django's deployment checks to look at. Nothing in it is ever reached.
DEPLOYED ?= DJANGO_SETTINGS_MODULE=settings.production \
	SECRET_KEY=for-the-checks-alone-0123456789-abcdefghijklmnopqrstuvwxyz \
	DATABASE_URL=postgresql://newsstand@database.invalid/newsstand \
	REDIS_URL=redis://cache.invalid/0 INTERNAL_TOKEN=for-the-checks-alone-0123456789-abcdef \
	MEDIA_ROOT=/nonexistent/media STATIC_ROOT=/nonexistent/static \
	ADMIN_HOST=admin.newsstand.invalid INTERNAL_HOST=internal.newsstand.invalid TRUSTED_PROXIES=192.0.2.1

# The files of compose/ as they are put together, and what they must be told.
SHAPES   := compose.yml compose.yml:pinned.yml compose.yml:split.yml compose.yml:neighbour.yml \
	compose.yml:pinned.yml:split.yml
COMPOSED := COMPOSE_ENV_FILES=example.env SECRET_KEY=x INTERNAL_TOKEN=x POSTGRES_PASSWORD=x REDIS_PASSWORD=x \
	TECHBLOG_SITE_ID=1 FINANCEBLOG_SITE_ID=2 OUTER_NETWORK=x

UV_VERSION := 0.13.8
UV         := .tools/uv-$(UV_VERSION)/bin/uv
BIN        := $(VENV)/bin

export UV_PYTHON_DOWNLOADS := never
export UV_PYTHON_PREFERENCE := only-system

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run stack test bench lint format lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  PORT=8001 serves elsewhere; PYTHON=python3.13 VENV=.venv-3.13 takes another Python.'

run: export PORT := $(PORT)
run: $(VENV)/.base ## Set everything up and serve the blogs on this machine
	@exec $(BIN)/python manage.py serve

# PORT counts only where it was given: this one has a default of its own.
stack: $(VENV)/.dev ## Serve the demo on this machine as a server does: Traefik, gunicorn × 2, PostgreSQL, Redis
	@exec $(BIN)/python -m devstack

# Three runs beside each other, each about as long as the others: they wait for servers more than they work.
PYTEST := $(BIN)/python -m pytest
APART  := tests/pagecache tests/transfer tests/blogs/test_queries.py
test: $(VENV)/.dev ## Run the tests on PostgreSQL and Redis, on SQLite what must also hold there, and through Traefik
	@logs=$$(mktemp -d); failed=; \
	$(PYTEST) -m 'not pure and not long' $(APART) > $$logs/apart 2>&1 & apart=$$!; \
	{ DATABASE=sqlite $(PYTEST) -m 'sqlite or pure'; failed=$$?; \
		$(PYTEST) -m stack && exit $$failed; } > $$logs/others 2>&1 & others=$$!; \
	$(PYTEST) -m 'not pure and not stack' $(APART:%=--ignore=%) || failed=yes; \
	wait $$apart || failed=yes; \
	wait $$others || failed=yes; \
	echo 'Beside it ran the page cache and the importer, then what must also hold on SQLite or asks no database, and the stack:'; \
	cat $$logs/apart $$logs/others; rm -r $$logs; test -z "$$failed"

bench: $(VENV)/.dev ## Measure what README quotes, at 127.0.0.1, for half an hour; nothing else should run meanwhile
	$(BIN)/python -m pytest -s -m long
	$(BIN)/python -m benchmarks

# The settings want to be told of a database; nothing here asks it anything.
lint: export DATABASE_URL := sqlite://:memory:
lint: $(VENV)/.dev ## Check format, code, types, imports, templates, migrations, deployment and containers
	$(BIN)/ruff format --check . compose/smoke
	$(BIN)/ruff check . compose/smoke
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint --lint --quiet accounts blogs tenancy
	$(BIN)/python manage.py makemigrations --check --dry-run --settings settings.test
	@echo '$(BIN)/python manage.py check --deploy --fail-level WARNING'
	@$(DEPLOYED) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/hadolint compose/Dockerfile
	@cd compose && for shape in $(SHAPES); do \
		echo "docker-compose config of $$shape"; \
		$(COMPOSED) COMPOSE_FILE=$$shape ../$(BIN)/docker-compose config --quiet || exit; \
	done

format: $(VENV)/.dev ## Put the code into its format
	$(BIN)/ruff check --fix-only . compose/smoke
	$(BIN)/ruff format . compose/smoke

# Each list is bound to the one before, so that a laptop and the tests have the same versions.
# LOCK=--upgrade takes the newest of everything; without it only what the .in files ask for changes.
lock: $(UV) ## Pin what requirements/*.in ask for (LOCK=--upgrade: the newest)
	cd requirements && for list in base production:base test:production dev:test ../benchmarks/peer/requirements:production; do \
		../$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(LOCK) \
			$$(test "$$list" = base || echo --constraint "$${list#*:}.txt") \
			"$${list%:*}.in" --output-file "$${list%:*}.txt" || exit; \
	done
	@! grep -n '://' requirements/* benchmarks/peer/requirements.*

# Stamps: each says that its list is installed, and costs nothing the next time.

$(UV):
	@echo 'Getting uv …'
	@$(PYTHON) -m pip install --quiet --quiet --disable-pip-version-check --no-input --upgrade \
		--target .tools/uv-$(UV_VERSION) uv==$(UV_VERSION)

$(BIN)/python: | $(UV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"Newsstand needs Python 3.11 or newer. Name one: make PYTHON=python3.13 …")'
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)

# Adds and never removes: what the tests installed may stay.
$(VENV)/.base: requirements/base.txt | $(BIN)/python
	@echo 'Installing the libraries …'
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes --requirements requirements/base.txt
	@touch $@

# Holds all of base.txt, so it is that list's stamp as well.
$(VENV)/.dev: requirements/dev.txt | $(BIN)/python
	@echo 'Installing the libraries and what the tests need …'
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@touch $(VENV)/.base $@
