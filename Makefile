# Everything a person types in this project. `make run` and `make test` need nothing but Python ≥ 3.11.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Ties the environment to pyproject.toml: it is made again whenever that changes.
MADE := $(VENV)/.made
CODE := decom tests tests_browser bench input_samples

.PHONY: help run test fast check fix browser simulate soak mutants bench clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(MADE): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "decom needs Python 3.11 or newer; say which with: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

run: $(MADE)  ## try the whole job on a made-up account: plan, release, verify, report
	@bash jobs/try_it.sh $(BIN)/decom

# Four at a time also on two cores: many tests wait for a process or a time-out.
test: $(MADE)  ## all tests
	$(BIN)/pytest -q -n 4 --dist worksteal

fast: $(MADE)  ## all tests but those that run whole processes
	$(BIN)/pytest -q -n 4 --dist worksteal --ignore tests/end_to_end

check: $(MADE)  ## format, lint, types, house rules
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/pytest -q tests/house

fix: $(MADE)  ## mend what can be mended by itself
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

browser: $(MADE)  ## the report's page in a real Chromium, which this installs on Debian
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }
	$(BIN)/pytest -q tests_browser

soak: $(MADE)  ## the same for as many nights as are given: make soak SEEDS=0-20000
	DECOM_SEEDS=$(or $(SEEDS),0-20000) $(BIN)/pytest -q -s --timeout 0 tests/simulation/test_campaign.py

mutants: $(MADE)  ## spoil the rules one sign at a time and list what no test noticed; takes minutes
	@rm -rf mutants
	$(BIN)/mutmut run
	$(BIN)/mutmut results

simulate: $(MADE)  ## 2,000 seeded nights of faults and crashes, judged from outside
	DECOM_SEEDS=0-2000 $(BIN)/pytest -q -s --timeout 0 tests/simulation/test_campaign.py

bench: $(MADE)  ## measure against named peers, print the tables, write bench/results.md (BENCH=--quick: in minutes)
	$(BIN)/python -m bench $(BENCH)

clean:  ## forget the environment and what runs left behind
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis mutants build *.egg-info
