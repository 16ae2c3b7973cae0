# The two commands of a newcomer: make demo, make test. Both set up all they need in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check format golden bench clean

demo: $(VENV)/.installed
	$(BIN)/tallystick demo

test: $(VENV)/.developed
	$(BIN)/pytest -n 2

check: $(VENV)/.developed
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.developed
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix-only src tests benchmarks

golden: $(VENV)/.developed
	$(BIN)/pytest tests/formats tests/test_readme.py --regenerate

bench: $(VENV)/.developed
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/tally.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.created:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tallystick needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.developed: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	touch $@
