# make demo · make test · make test-mlflow · make docs · make check · make bench: each sets up .venv first, needing only Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
DEMO := $(or $(wildcard $(STAMP)),.venv/.demo)
PROJECTS := pyproject.toml $(sort $(wildcard plugins/runner-*/pyproject.toml))
UV := $(shell command -v uv)
INSTALL = $(if $(UV),uv pip install --python $(BIN)/python,$(BIN)/python -m pip install --disable-pip-version-check)
MLFLOW := .venv-mlflow
DOCS := .venv-docs
AUDIT := .venv-audit
BENCHES := $(sort $(filter-out bench/_% bench/soak.py bench/most_useful.py,$(wildcard bench/*.py)))

# The many commands that tests start compile the sources once, not each for itself, whatever the person's setting.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: architecture audit bench check clean commands constraints demo docs fuzz setup soak test test-mlflow wheels what-runs
.DEFAULT_GOAL := test

setup: $(STAMP)

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("runner needs Python 3.11 or newer, not " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

$(STAMP): requirements/all.txt constraints.txt $(PROJECTS) | $(BIN)/python
	$(INSTALL) --constraint constraints.txt --requirement $<
	touch $@

.venv/.demo: requirements/demo.txt constraints.txt $(PROJECTS) | $(BIN)/python
	$(INSTALL) --constraint constraints.txt --requirement $<
	touch $@

# Two trained networks over the pictures that ship; the results are in out/demo.
demo: $(DEMO)
	$(BIN)/runner demo --out out/demo

# Everything that must hold: lint, types, import rules (all three in `check`), tests. A worker to each core, and no more
# than memory has room for: each imports every framework. PYTEST_ADDOPTS='-p randomly' runs them in another order.
# One more than there are cores: many tests wait for a process or a server.
WORKERS := $(shell $(PYTHON) -c 'import os; print(min(8, (os.cpu_count() or 1) + 1))')
test: check
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# MLflow's own server is large, so it has an environment of its own; without it `make test` skips the tests that ask it.
$(MLFLOW)/.installed: plugins/runner-store-mlflow/tests/server-requirements.txt
	$(PYTHON) -m venv $(MLFLOW)
	$(MLFLOW)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

test-mlflow: $(STAMP) $(MLFLOW)/.installed
	RUNNER_TEST_MLFLOW=$(abspath $(MLFLOW)) $(BIN)/python -m pytest plugins/runner-store-mlflow

# The documentation as a site, in out/site. Sphinx has an environment of its own, which needs the core alone.
$(DOCS)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	touch $@

docs: $(DOCS)/.installed
	rm -rf out/site
	$(DOCS)/bin/sphinx-build -q -W --keep-going -E -b html -c tools/site -d out/site-doctrees . out/site
	@echo out/site/index.html

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Files broken on purpose, for so many minutes; docs/how-to/fuzz.md has more. SEED=... gives the same mutants again.
MINUTES ?= 10
fuzz: $(STAMP)
	$(BIN)/python tests/campaigns/fuzz.py $(CAMPAIGNS) --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

# Known holes of what is pinned; asks the package index for its advisories.
audit:
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(AUDIT)/bin/pip-audit --no-deps --disable-pip --requirement constraints.txt

# Each script prints its table and exits 1 where its claim fails.
bench: $(STAMP)
	@failed=0; for script in $(BENCHES); do echo "== $$script"; $(BIN)/python $$script || failed=1; done; exit $$failed

# Half an hour of a camera and of viewers of every kind: does the process of the run grow?
soak: $(STAMP)
	$(BIN)/python bench/soak.py

# The picture of docs/ARCHITECTURE.md, from the import rules.
architecture:
	$(PYTHON) tools/draw_architecture.py

# A wheel of each distribution, in dist/.
wheels: $(BIN)/python
	rm -rf dist
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist . $(addprefix ./,$(dir $(filter plugins/%,$(PROJECTS))))

# docs/commands/, from the commands.
commands: $(STAMP)
	$(BIN)/python tools/list_commands.py

# What runs without a card, from the plugins and the tables of the tests.
what-runs: $(STAMP)
	$(BIN)/python tools/list_what_runs.py

clean:
	rm -rf .venv $(MLFLOW) $(DOCS) $(AUDIT) out dist

# New pins: everything anew, without the old ones. Addresses never get in: a freeze holds names and versions alone.
FREEZE = for each in $(1); do $$each/python -m pip freeze --exclude-editable; done | \
	grep -v -e ' @ ' -e '^runner' | sort -f -u > constraints.txt
constraints:
	rm -rf .venv $(DOCS)
	: > constraints.txt
	$(MAKE) setup
	$(call FREEZE,$(BIN))
	$(MAKE) $(DOCS)/.installed
	$(call FREEZE,$(BIN) $(DOCS)/bin)
