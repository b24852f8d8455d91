# One command each; everything runs in a virtual environment made here.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin

# What the lowest versions are tried with: each dependency, each framework that can be had.
OLDEST_TESTS = tests/test_package.py tests/test_cli.py tests/test_cli_diagnose.py tests/test_output.py \
	tests/data tests/engine/test_optimizers.py tests/trials/test_store.py tests/report/test_page.py tests/report/test_batch.py \
	tests/subjects/test_sklearn.py tests/subjects/test_torch.py tests/script/test_sklearn.py \
	tests/script/test_patching.py tests/serving
FUZZ_SEED ?= $(shell date +%Y%m%d)
ATTEMPTS  ?= 2000

.PHONY: demo test acceptance fuzz oldest package audit format lint types check docs site clean

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

fuzz: $(VENV)/.installed-test   ## attempts to break it, others each day: FUZZ_SEED=7 ATTEMPTS=20000
	PYTHONPATH=tests OMP_NUM_THREADS=1 KERAS_BACKEND=torch JAX_PLATFORMS=cpu TF_CPP_MIN_LOG_LEVEL=3 \
		$(BIN)/python -m fuzz --attempts $(ATTEMPTS) --seed $(FUZZ_SEED)

oldest:                         ## a part of the suite on the lowest versions that are allowed
	$(PYTHON) -m venv build/oldest
	build/oldest/bin/python -m pip install --quiet uv
	build/oldest/bin/uv pip compile pyproject.toml --resolution lowest-direct --quiet --no-annotate \
		--extra keras --extra torch --extra notebook --extra mcp --output-file build/oldest.txt
	build/oldest/bin/python -m pip install --quiet --constraint build/oldest.txt \
		--editable '.[keras,torch,notebook,mcp]' pytest hypothesis jsonschema
	KERAS_BACKEND=torch build/oldest/bin/python -m pytest $(OLDEST_TESTS)

package:                        ## wheel and sdist, checked, each installed alone and tried
	rm -rf build/package dist
	$(PYTHON) -m venv build/package
	build/package/bin/python -m pip install --quiet build twine
	build/package/bin/python -m build --outdir dist
	build/package/bin/python -m twine check --strict dist/*
	set -e; for made in dist/*; do build/package/bin/python tests/installed.py $$made; done

audit:                          ## known vulnerabilities of what is depended on; asks a database
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet pip-audit
	build/audit/bin/pip-audit --strict .

format: $(VENV)/.installed-test ## rewrite in the project's format
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: $(VENV)/.installed-test   ## format and lint, checked
	$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(VENV)/.installed-test  ## strict type check
	$(BIN)/mypy

check: lint types site test     ## what CI checks beside the demo

docs: $(VENV)/.installed-test   ## docs/ anew: causes in minutes, cases on Fashion-MNIST in an hour or two
	$(BIN)/unstuck schema > docs/run.schema.json
	$(BIN)/python docs/page.py
	$(BIN)/unstuck causes --markdown docs/causes.md
	$(BIN)/python docs/causes.py
	$(BIN)/unstuck cases run --all --data fashion-mnist --seeds 20 --json docs/cases.json --markdown docs/cases.md

site: $(VENV)/.installed-docs   ## the documentation as pages in build/site; a warning is an error
	$(BIN)/sphinx-build -q -n -W --keep-going -b html docs build/site

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
