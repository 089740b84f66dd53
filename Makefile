# Everything a newcomer needs: `make demo`, `make test`, `make lint`, `make bench`.
# Each target builds the virtual environment it needs; nothing has to be installed by hand but Python 3.11+.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# For the tests of the learned metrics. PyPI's build for Linux brings CUDA, some gigabytes; README.md says how to get the one without.
TORCH  ?= torch==2.13.0
# Passed on to pytest, e.g. make test ARGS="-k levels -x".
ARGS   ?=

.PHONY: demo test lint bench clean

demo: $(VENV)/.demo
	$(BIN)/genlevel demo --out demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) demo build dist

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade pip

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[demo]'
	touch $@

$(VENV)/.dev: pyproject.toml tests/parity/requirements-no-deps.txt | $(BIN)/python
	$(BIN)/python -m pip install -qq --disable-pip-version-check '$(TORCH)'
	$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[dev,oracles,learned]'
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps -r tests/parity/requirements-no-deps.txt
	touch $@ $(VENV)/.demo
