# `make run` and `make test` are all a stranger needs; each sets itself up.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# Installing compiles nothing, since most of it is never imported; what is, the first run compiles and keeps,
# even where the environment says otherwise.
export PYTHONDONTWRITEBYTECODE :=

# What chooses and installs: the one that comes with Python 3.11 takes three times as long over it.
PIP := pip==26.3

# Most tests wait for something, so more of them run at once than there are cores; each worker collects them all first.
WORKERS ?= 4
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.PHONY: clients clients-built conformance run test test-quick test-ten lint lint-scripts check docs format bench profile fuzz sbom lock audit run-team clean

run: $(VENV)/.run
	$(BIN)/python app.py

run-team: $(VENV)/.team
	$(BIN)/python -m groq_core serve --team

test: $(VENV)/.dev
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules/.installed; fi
	$(PYTEST)

# All that needs no browser, for while one works: nineteen of twenty tests, in under half of the time.
test-quick: $(VENV)/.dev
	$(PYTEST) -m "not browser"

# The whole suite ten times, the last three with every core kept busy by something else: about three hours.
test-ten: $(VENV)/.dev
	$(BIN)/python -m scripts.ten_runs

lint: $(VENV)/.dev lint-scripts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# What checks the page's scripts runs in Node; whoever has none is told, and CI has one. In a line of its own, since
# `make -n` runs every line that calls make.
lint-scripts:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules/.installed; \
	elif [ -n "$$CI" ]; then echo "npm is missing" >&2; exit 1; \
	else echo "skipped: the page's scripts, since npm is not installed (Debian: apt install nodejs npm)"; fi
	@if command -v npm >/dev/null; then npm run --silent lint; fi

node_modules/.installed: package.json package-lock.json
	npm ci --silent
	touch $@

check: lint test

docs: $(VENV)/.run
	$(BIN)/python -m scripts.readme

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.failover
	$(BIN)/python -m benchmarks.soak

profile: $(VENV)/.dev
	$(BIN)/python -m benchmarks.profile
	$(BIN)/python -m benchmarks.profile api 100

# Broken and hostile input for twenty minutes; in the tests it is one round, in CI a minute.
fuzz: $(VENV)/.dev
	$(BIN)/python -m benchmarks.fuzz --seconds $${GROQ_FUZZ_SECONDS:-1200}

# What this installation is made of, as CycloneDX JSON on standard output.
sbom: $(VENV)/.run
	$(BIN)/python -m scripts.sbom

# The same versions as requirements.txt, each with the hashes of its files; names no host.
lock: $(VENV)/.dev
	$(BIN)/uv pip compile requirements.txt --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--quiet --output-file requirements.lock

# The clients of this field, each with its real package, and the museum with those that need one: two environments of
# their own, since some still want last year's SDKs, and node_modules. They are heavy (0.7 GB), so no part of `make test`.
clients: $(VENV)/.dev clients-built
	GROQ_CLIENTS_BUILT=1 $(BIN)/python -m pytest tests/clients tests/museum -n 2 --dist worksteal \
		--junitxml=.pytest_cache/clients.xml
	$(BIN)/python -m scripts.clients .pytest_cache/clients.xml

# Four thousand made-up requests, none of whose answers may be a 5xx or one that /openapi.json does not describe.
conformance: $(VENV)/.dev .venv-clients/.built
	GROQ_CLIENTS_BUILT=1 GROQ_CONFORMANCE_CASES=$${GROQ_CONFORMANCE_CASES:-4000} \
		$(BIN)/python -m pytest tests/clients/test_openapi.py -q -s

clients-built: .venv-clients/.built .venv-clients-older/.built tests/clients/node_modules/.built

.venv-clients/.built: requirements-clients.txt | $(VENV)/.run
	$(call build-clients,.venv-clients,$<)

.venv-clients-older/.built: requirements-clients-older.txt | $(VENV)/.run
	$(call build-clients,.venv-clients-older,$<)

define build-clients
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.8
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(1)
	$(BIN)/uv pip install --quiet --python $(1)/bin/python --requirement $(2)
	touch $(1)/.built
endef

tests/clients/node_modules/.built: tests/clients/package.json tests/clients/package-lock.json
	cd tests/clients && npm ci --silent
	touch $@

# Known faults of what is pinned, asked of the index's own service; where that cannot be reached, versions and licences
# of the scripts that were copied. The last line says which of the two it was.
audit: $(VENV)/.dev
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	$(BIN)/python -m scripts.audit

clean:
	rm -rf $(VENV) .venv-clients .venv-clients-older node_modules tests/clients/node_modules

$(VENV)/.run: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15) and "Python 3.11 to 3.14 is needed; name it with: make PYTHON=/path/to/python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile $(PIP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	touch $@

$(VENV)/.team: requirements-team.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt -r requirements-team.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt requirements-team.txt requirements-otel.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
	touch $@
