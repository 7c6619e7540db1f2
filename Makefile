# The project's commands. `make run` and `make test` need nothing but Python ≥ 3.11.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tie the environment to pyproject.toml: it is rebuilt whenever that changes. A run needs no developers' tools.
FOR_RUNS := $(VENV)/.for_runs
MADE := $(VENV)/.made
CODE := decom tests tests_browser bench input_samples

.PHONY: help run test fast check fix browser simulate soak mutants bench clean

help:  ## list these targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(FOR_RUNS): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "decom needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …")'
	@echo 'Installing decom into $(VENV), once; this can take a minute …'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(MADE): $(FOR_RUNS)
	@echo "Installing the developers' tools into $(VENV), once …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

run: $(FOR_RUNS)  ## try the whole job on a made-up account: plan, release, verify, report
	@bash jobs/try_it.sh $(BIN)/decom

# Four workers even on two cores: many tests wait for a process or a time-out.
test: $(MADE)  ## run all tests
	$(BIN)/pytest -q -n 4 --dist worksteal

fast: $(MADE)  ## run all tests except tests/end_to_end
	$(BIN)/pytest -q -n 4 --dist worksteal --ignore tests/end_to_end

check: $(MADE)  ## check formatting, lint, types and house rules
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/pytest -q tests/house

fix: $(MADE)  ## fix formatting and imports
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

browser: $(MADE)  ## test the HTML report in a real Chromium (installed here on Debian)
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }
	$(BIN)/pytest -q tests_browser

soak: $(MADE)  ## simulate more nights: make soak SEEDS=0-20000
	DECOM_SEEDS=$(or $(SEEDS),0-20000) $(BIN)/pytest -q -s --timeout 0 tests/simulation/test_campaign.py

mutants: $(MADE)  ## mutation-test the core rules; takes minutes
	@rm -rf mutants
	$(BIN)/mutmut run
	$(BIN)/mutmut results

simulate: $(MADE)  ## simulate 2,000 seeded nights of faults and crashes, judged from outside
	DECOM_SEEDS=0-2000 $(BIN)/pytest -q -s --timeout 0 tests/simulation/test_campaign.py

bench: $(MADE)  ## measure against named peers and write bench/results.md (BENCH=--quick takes minutes)
	$(BIN)/python -m bench $(BENCH)

clean:  ## delete the environment, caches and build files
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis mutants build *.egg-info
