# `make run` and `make test` are all a stranger needs; each sets itself up.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# Installing compiles nothing, since most of it is never imported; what is, the first run compiles and keeps,
# even where the environment says otherwise.
export PYTHONDONTWRITEBYTECODE :=

# Most tests wait for something, so more of them run at once than there are cores.
WORKERS ?= 4
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.PHONY: run test lint check docs format bench profile clean

run: $(VENV)/.run
	$(BIN)/python app.py

test: $(VENV)/.dev
	$(PYTEST)

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

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

clean:
	rm -rf $(VENV)

$(VENV)/.run: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
	touch $@
