# make demo and make test do everything; make help lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.base-installed
DEV := $(VENV)/.dev-installed
SPEECH := $(VENV)/.speech-installed
SPLEETER := .venv-spleeter
SPLEETER_PYTHON ?= python3.11
VIZ_SITE ?= build
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt

export DO_NOT_TRACK := 1
# Compiled once, not at each start: half of the time of a short command on a fresh installation.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONHASHSEED ?= 0

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format test-real test-long bench viz viz-site notebook rerun study-ravdess spleeter-env retinaface constraints clean

help: ## list what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(BIN)/uv:
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 13), "Python 3.11 to 3.13 is needed"'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt uv

$(BASE): $(BIN)/uv pyproject.toml constraints.txt
	$(UV) --editable .
	@touch $@

$(SPEECH): $(BASE)
	@echo "Installing openSMILE: its licence allows research use only."
	$(UV) --editable ".[opensmile]"
	@touch $@

$(DEV): $(SPEECH)
	$(UV) --editable ".[dev,opensmile,notebook,retinaface]"
	@touch $@

$(SPLEETER)/.installed: $(BIN)/uv constraints-spleeter.txt
	$(SPLEETER_PYTHON) -c 'import sys; assert sys.version_info[:2] in {(3, 10), (3, 11)}, "Spleeter needs Python 3.10 or 3.11"'
	$(SPLEETER_PYTHON) -m venv $(SPLEETER)
	$(BIN)/uv pip install --quiet --no-deps --python $(SPLEETER)/bin/python --requirement constraints-spleeter.txt
	@touch $@

setup: $(BASE) ## make .venv and install the project

demo: $(BASE) ## run the whole chain on the embedded demo corpus
	$(BIN)/kedro run

# Two processes with a thread each: networks as small as those of tests lose time to threads that wait for each other.
test: export OMP_NUM_THREADS := 1
test: $(DEV) lint ## lint and all quick tests
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not real and not long" --cov --cov-report=term:skip-covered --durations=10

lint: $(DEV) ## ruff, mypy --strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## let ruff format and fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test-real: $(DEV) ## tests on real data (folder ABAW_REAL_DATA), one fold and a small budget
	$(BIN)/pytest -m real --durations=10

test-long: $(DEV) ## kill, soak and whole-study suites
	$(BIN)/pytest -m long --durations=10

bench: $(DEV) ## measure against what one would otherwise run
	$(BIN)/python -m benchmarks.run

# Kedro-Viz asks PyPI for newer versions before it starts; a proxy that is not there answers at once.
viz: $(BASE) ## browse lineage at http://127.0.0.1:4141
	HTTPS_PROXY=http://127.0.0.1:9 $(BIN)/kedro viz run --host=127.0.0.1

viz-site: $(BASE) ## build the same as static files in VIZ_SITE (VIZ_OPTIONS=--no-previews: without faces and rows)
	$(BIN)/python -m abaw_pipeline.viz_site $(VIZ_SITE) $(VIZ_OPTIONS)

rerun: $(BASE) ## run the study again from what is stored; fails where something is computed anew
	$(BIN)/python scripts/ci_rerun.py --whole --same-results

notebook: $(DEV) ## explore the catalog in JupyterLab, on this machine only
	$(BIN)/kedro jupyter lab --ip=127.0.0.1

spleeter-env: $(SPLEETER)/.installed ## make Spleeter's own environment (2 GB)

retinaface: $(BASE) ## add the detector retinaface-pytorch to .venv
	$(UV) --editable ".[retinaface]"

study-ravdess: $(SPEECH) ## the RAVDESS study; the corpus lies in data/01_raw/ravdess or ABAW_CORPUS_RAVDESS
	$(BIN)/kedro run --env=ravdess

constraints: $(BIN)/uv ## pin anew what pyproject.toml allows
	$(BIN)/uv pip compile --quiet pyproject.toml --all-extras --universal --no-header --no-emit-index-url \
		--no-annotate --python-version 3.11 --output-file constraints.txt
	$(BIN)/uv --version | sed 's/uv \([^ ]*\).*/uv==\1/' >> constraints.txt

clean: ## remove what runs have made, but not raw data
	rm -rf data/0[2-8]_* build .viz .pytest_cache .mypy_cache .ruff_cache .hypothesis
