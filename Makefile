# The two commands of a newcomer: make demo, make test. Both set up all they need in .venv.
# With uv on the PATH what uv.lock names is installed, else pip installs what pyproject.toml allows.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ifeq ($(shell command -v uv 2>/dev/null),)
INSTALL := $(BIN)/python -m pip install --quiet
BASE := --editable .
EVERYTHING := --editable '.[all]'
else
INSTALL := UV_PROJECT_ENVIRONMENT=$(VENV) uv sync --quiet --locked --inexact --no-default-groups
BASE :=
EVERYTHING := --all-extras
endif

.PHONY: demo test test-long test-browser test-fast bi soak coverage check check-install licences sbom audit mutants docs errors faults format golden pictures vendor bench bench-quick focus-check clean

demo: $(VENV)/.installed
	$(BIN)/tallystick demo

test: $(VENV)/.developed
	$(BIN)/pytest -n 2 -m "not long and not browser and not bi"

# The third of the tests that takes most of the time; and for a first look while one works, those of values, readers and exports.
test-long: $(VENV)/.developed $(VENV)/.prometheus
	$(BIN)/pytest -n 2 -m "long and not browser"

# Nightly, hours: a thousand random interleavings of all that writes to a ledger, of 15 steps each, beside a model; ten
# minutes of many at once, on a disk and in a bucket; and ten of spoiled pages.
soak: $(VENV)/.developed
	EXAMPLES=1000 $(BIN)/pytest tests/ledger/test_interleavings.py
	cd tests && ../$(BIN)/python -m support.crowd 600
	cd tests && ../$(BIN)/python -m support.bucket_crowd 600
	cd tests && ../$(BIN)/python -m support.page_fuzz 600

test-fast: $(VENV)/.developed
	$(BIN)/pytest -n 2 -m "not long and not browser" tests/api tests/core tests/exports tests/test_words.py

# The pictures of the dashboard in docs/pictures, of the demo at a fixed instant; look at them before you commit them.
pictures: $(VENV)/.developed
	$(BIN)/python scripts/pictures.py

# The dashboard in Chromium, which is the system's own: apt-get installs it where it can.
test-browser: $(VENV)/.developed
	@command -v chromium chromium-browser google-chrome >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends chromium; } || \
		{ echo "The browser tests need Chromium: apt-get install chromium (as root), or any google-chrome on the PATH." >&2; exit 1; }
	$(BIN)/pytest -n 2 --dist=load -m browser tests/browser

# The snippets of docs/bi.md in the engines that it names, which have a venv of their own (1.6 GB), and every report by Sail; minutes.
bi: $(VENV)/.developed .venv-bi/.installed
	$(BIN)/pytest -n 2 -m bi tests/bi

# Which lines and branches `make test` reaches, file by file, and how much of each package that handles money and the ledger.
# With the long tests too: make coverage COVERED="not browser and not bi".
COVERED ?= not long and not browser and not bi
coverage: $(VENV)/.developed
	$(BIN)/pytest -n 2 -m "$(COVERED)" --cov --cov-report=term
	@for package in core tally api store sync; do \
		echo "$$package $$($(BIN)/coverage report --include="src/tallystick/$$package/*" --format=total --precision=1) %"; \
	done

check: $(VENV)/.developed
	$(BIN)/ruff format --check src tests benchmarks examples scripts
	$(BIN)/ruff check src tests benchmarks examples scripts
	$(BIN)/mypy
	$(BIN)/lint-imports

# The wheel in clean environments: lowest versions, without extras, under each Python that is here.
check-install: $(VENV)/.developed $(VENV)/.uv
	cd tests && PATH="$$PATH:$(CURDIR)/$(BIN)" ../$(BIN)/python -m installed

# docs/licences.md: what is installed with tallystick, and under which licence.
licences: $(VENV)/.developed
	$(BIN)/python scripts/licences.py

# The same with versions, as a CycloneDX bill of materials in sbom.json, held to its schema.
sbom: $(VENV)/.developed
	$(INSTALL) --group sbom
	$(BIN)/python scripts/sbom.py sbom.json

# Known vulnerabilities of what is installed; their database is asked over the network.
audit: $(VENV)/.developed
	$(INSTALL) --group audit
	$(BIN)/python scripts/audit.py

# Whether a test fails where a line of what handles money and time is changed; an hour on one core. docs/testing.md lists what survived.
mutants: $(VENV)/.developed
	$(INSTALL) --group mutation
	$(BIN)/python scripts/mutants.py core/money core/time
	$(BIN)/python scripts/sql_mutants.py tally/match tally/allocate

# The site of docs/ in site/, offline. A broken link fails, and so does whatever a page would load from a network.
docs: $(VENV)/.documented
	$(BIN)/zensical build --clean --strict
	@! grep -rnoE '<(script|link|img|iframe)[^>]* (src|href)="?(https?:)?//[^" >]*' site --include='*.html'
	@! grep -rnoE '(@import|url\()[^;)]*//[^;)]*' site --include='*.css'
	@echo "site/index.html is the first page; with search: $(BIN)/python -m http.server -d site"

# Every endpoint with every fault, on every backend: hours on one core. What is bad makes it fail, after the page is written.
faults: $(VENV)/.developed
	cd tests && for backend in stand sim enterprise; do ../$(BIN)/python -m faults --backend $$backend --output ../faults-$$backend.jsonl; done; \
	../$(BIN)/python -m faults.document ../faults-stand.jsonl ../faults-sim.jsonl ../faults-enterprise.jsonl && ! grep -q '^- [A-Z]*: ' ../docs/faults.md

format: $(VENV)/.developed
	$(BIN)/ruff format src tests benchmarks examples scripts
	$(BIN)/ruff check --fix-only src tests benchmarks examples scripts

# The exact text of each error, and docs/errors.md of them; read the difference.
errors: $(VENV)/.developed
	$(BIN)/pytest -n 2 tests/errors --regenerate

golden: $(VENV)/.developed
	$(BIN)/pytest tests/formats tests/test_readme.py tests/test_catalog.py --regenerate

# What of the dashboard comes from npm, as static/vendor.toml pins it; needs npm. The files are in the repository.
vendor:
	$(PYTHON) scripts/vendor.py

# The figures of docs/performance.md but those of daily syncs, in under 15 minutes; the quick one in under 2. Alone: benchmarks/NAME.py --help.
bench: $(VENV)/.developed
	$(INSTALL) --group bench
	$(BIN)/python benchmarks/performance.py

bench-quick: $(VENV)/.developed
	$(INSTALL) --group bench
	$(BIN)/python benchmarks/performance.py --quick

# The official validator needs a Python 3.12 or newer: FOCUS_PYTHON, else python3.12, else one that pyenv has.
focus-check: $(VENV)/.developed
	@for it in $(FOCUS_PYTHON) python3.12 $$(ls -d $${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.12.*/bin/python3.12 2>/dev/null); do \
		if $$it -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then \
			exec $(BIN)/python benchmarks/focus_check.py $$it; \
		fi; \
	done; \
	echo "SKIPPED: focus-check found no Python 3.12; set FOCUS_PYTHON=. Nothing was validated." >&2

clean:
	rm -rf $(VENV) .venv-focus .venv-bi build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.created:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tallystick needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	$(INSTALL) $(BASE)
	touch $@

$(VENV)/.developed: $(VENV)/.created pyproject.toml
	$(INSTALL) $(EVERYTHING) --group dev
	touch $@

# A real Prometheus for its tests, which say so and skip where it cannot be had.
$(VENV)/.prometheus: $(VENV)/.created
	@command -v prometheus promtool >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends prometheus; } || \
		echo "Without a Prometheus: apt-get install prometheus (as root)." >&2
	touch $@

ifeq ($(shell command -v uv 2>/dev/null),)
ENGINES := .venv-bi/bin/python -m pip install --quiet --upgrade pip && .venv-bi/bin/python -m pip install --quiet --group tests/bi/pyproject.toml:engines
else
ENGINES := UV_PROJECT_ENVIRONMENT=$(CURDIR)/.venv-bi uv sync --quiet --locked --inexact --project tests/bi
endif
.venv-bi/.installed: tests/bi/pyproject.toml
	$(PYTHON) -m venv .venv-bi
	$(ENGINES)
	touch $@

$(VENV)/.documented: $(VENV)/.created pyproject.toml
	$(INSTALL) --group docs
	touch $@

$(VENV)/.uv: $(VENV)/.created
	command -v uv >/dev/null || $(BIN)/python -m pip install --quiet uv
	touch $@
