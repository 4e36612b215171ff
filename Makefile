# Two commands from a fresh clone; nothing but Python >= 3.11 and make is needed.
#   make solve   sets up .venv and runs the main job (ARGS="--budget 3000" for another one)
#   make test    sets up what tests need and passes them
# And a third, slow one (benchmarks/README.md):
#   make bench OPENDB=path    measures everything, with catalogues of up to 30,000 parts

PYTHON ?= python3
VENV   ?= .venv
ARGS   ?= --budget 5000 --min-vram 24

BIN     := $(VENV)/bin
RUN     := $(VENV)/.run-ready
DEV     := $(VENV)/.dev-ready
BENCH   := $(VENV)/.bench-ready
SOURCES := pyproject.toml constraints.txt

.PHONY: solve test lint types catalog check bench clean

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

bench: $(BENCH)
	@test -n "$(OPENDB)" || { echo "give a copy of OpenDB: make bench OPENDB=path/to/open-db"; exit 2; }
	$(BIN)/python -m benchmarks.named
	$(BIN)/python -m benchmarks.large "$(OPENDB)" build/bench
	$(BIN)/python -m benchmarks.speed build/bench
	$(BIN)/python -m benchmarks.solvers build/bench

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("rigopt needs Python 3.11 or later, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(RUN): $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(DEV): $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(RUN) $@

$(BENCH): $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@touch $(RUN) $@

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
