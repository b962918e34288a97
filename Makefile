# make demo · make test · make check · make bench: each sets up .venv first, needing only Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PLUGINS := $(sort $(wildcard plugins/runner-*))
BENCHES := $(sort $(filter-out bench/_%,$(wildcard bench/*.py)))

.PHONY: bench check clean constraints demo setup test
.DEFAULT_GOAL := test

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt $(wildcard plugins/runner-*/pyproject.toml)
	$(PYTHON) -c 'import sys; sys.exit("runner needs Python 3.11 or newer, not " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	    --editable '.[dev]' $(addprefix --editable ,$(PLUGINS))
	touch $@

# Two trained networks over the pictures that ship; the results are in out/demo.
demo: $(STAMP)
	$(BIN)/runner demo --out out/demo

# Everything that must hold: lint, types, import rules (all three in `check`), tests.
test: check
	$(BIN)/python -m pytest

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Each script prints its table and exits 1 where its claim fails.
bench: $(STAMP)
	@failed=0; for script in $(BENCHES); do echo "== $$script"; $(BIN)/python $$script || failed=1; done; exit $$failed

clean:
	rm -rf .venv out

# New pins: everything anew, without the old ones. Addresses never get in: a freeze holds names and versions alone.
constraints:
	rm -rf .venv && : > constraints.txt && $(MAKE) setup
	$(BIN)/python -m pip freeze --exclude-editable | grep -v -e ' @ ' -e '^runner' > constraints.txt
