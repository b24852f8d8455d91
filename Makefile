# One command each; everything runs in a virtual environment made here.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin

.PHONY: demo test acceptance format lint types check docs site clean

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	touch $@

demo: $(VENV)/.installed        ## the main job on bundled data, offline
	$(BIN)/unstuck demo

test: $(VENV)/.installed-test   ## the suite, in ten minutes
	$(BIN)/python -m pytest -n 2 --dist worksteal

acceptance: $(VENV)/.installed-test  ## whole scripts on whole data, before a release
	$(BIN)/python -m pytest -n 2 --dist worksteal -m acceptance

format: $(VENV)/.installed-test ## rewrite in the project's format
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: $(VENV)/.installed-test   ## format and lint, checked
	$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(VENV)/.installed-test  ## strict type check
	$(BIN)/mypy

check: lint types test          ## all that CI checks

docs: $(VENV)/.installed-test   ## docs/ anew: causes in minutes, cases on Fashion-MNIST in an hour or two
	$(BIN)/unstuck schema > docs/run.schema.json
	$(BIN)/python docs/page.py
	$(BIN)/unstuck causes --markdown docs/causes.md
	$(BIN)/unstuck cases run --all --data fashion-mnist --seeds 20 --json docs/cases.json --markdown docs/cases.md

site: $(VENV)/.installed-docs   ## the documentation as pages in build/site; a warning is an error
	$(BIN)/sphinx-build -q -n -W --keep-going -b html docs build/site

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
