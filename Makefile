# Two commands from a fresh clone; nothing but Python >= 3.11 and make is needed.
#   make solve   sets up .venv and runs the main job (ARGS="--budget 3000" for another one)
#   make test    sets up what tests need and passes them

PYTHON ?= python3
VENV   ?= .venv
ARGS   ?= --budget 5000 --min-vram 24

BIN     := $(VENV)/bin
RUN     := $(VENV)/.run-ready
DEV     := $(VENV)/.dev-ready
SOURCES := pyproject.toml constraints.txt

.PHONY: solve test lint types catalog check clean

solve: $(RUN)
	$(BIN)/rigopt solve $(ARGS)

test: $(DEV)
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy

catalog: $(RUN)
	$(BIN)/rigopt catalog validate

check: lint types catalog test

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("rigopt needs Python 3.11 or later, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(RUN): $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(DEV): $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(RUN) $@

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
