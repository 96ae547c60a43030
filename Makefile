# Every target works on a machine with only Python 3.10 to 3.14, pip and make:
# it makes .venv and installs what it needs on the first run, nothing after.
#
#   PYTHON=python3.12   the Python that makes .venv (default: the first that works)
#   ARGS="..."          more arguments for train.py or pytest
#   JOBS=4              test processes

VENV := .venv
RUN := $(VENV)/bin/python
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

# Everything that is installed has the version that this file gives, so that no
# release of another package changes what happens here. `make lock` renews it.
ENVIRONMENT := locked
LOCK := requirements/$(ENVIRONMENT).txt
CONSTRAIN := --constraint $(LOCK)
EXTRAS := dev
# It is compiled, which needs a C++ compiler.
SCORES = @$(PIP) --quiet cython && $(BUILD) --quiet -e '.[scores]' 2>/dev/null \
	|| echo "sed_scores_eval cannot be built here: its tests are skipped"
PIP := $(RUN) -m pip install --disable-pip-version-check $(CONSTRAIN)
# Packages without wheels are built with the setuptools that is locked, and with
# the packaging that it loads.
BUILD := $(PIP) --use-pep517 --no-build-isolation

.DEFAULT_GOAL := help
.PHONY: help train test lint lock test-oldest test-newest clean
.NOTPARALLEL:

help:  ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s%s\n", $$1, $$2}' Makefile
	@echo 'Options: PYTHON=python3.12, ARGS="arguments of train.py or pytest", JOBS=4'

train: $(VENV)/.train  ## Trains on DESED, or on the toy dataset
	$(RUN) recipes/DESED/train.py hparams/lgc.yaml $(ARGS)

# A file stays in one process: its runs of the recipe are shared by its tests.
# Files are taken in the order of conftest.py.
test: $(VENV)/.test  ## Runs the tests and the examples in docstrings
	TESTED_ENVIRONMENT=$(ENVIRONMENT) $(RUN) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.lint  ## Checks style, format and types; installs no PyTorch
	$(RUN) -m ruff check --no-cache .
	$(RUN) -m ruff format --check .
	$(RUN) -m yamllint --strict .
	$(RUN) -m mypy

# Both ends of the ranges in setup.cfg, each in an environment of its own. The
# newest is made anew each time: what is newest changes.
test-oldest:  ## Runs the tests with the oldest versions allowed (Python 3.10)
	$(MAKE) test ENVIRONMENT=oldest VENV=.venv-oldest \
		PYTHON=$(or $(PYTHON),python3.10)

test-newest:  ## Runs the tests with the newest versions that pip finds
	rm -rf .venv-newest
	$(MAKE) test ENVIRONMENT=newest VENV=.venv-newest CONSTRAIN= LOCK= \
		EXTRAS=test SCORES=

UV = $(RUN) -m uv pip compile --quiet --universal --python-version 3.10 \
	--no-emit-index-url --custom-compile-command "make lock" $(ARGS)

lock: $(VENV)/.made  ## Resolves versions anew (ARGS=--upgrade: the newest)
	$(PIP) uv
	$(UV) setup.cfg requirements/locked.in --extra dev --extra scores \
		--output-file requirements/locked.txt
	$(UV) setup.cfg requirements/oldest.in --extra dev --extra scores \
		--resolution lowest-direct --output-file requirements/oldest.txt

clean:  ## Removes .venv, caches and build leftovers; keeps results
	rm -rf .venv .venv-oldest .venv-newest build dist *.egg-info .pytest_cache .hypothesis .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is written after the install that it stands for, so an interrupted
# install is taken up again by the next run. A folder that was moved or copied
# installs again, since .venv still points to the old place.
ifneq ($(shell cat $(VENV)/.place 2>/dev/null),$(CURDIR))
$(shell rm -f $(VENV)/.made)
endif

$(VENV)/.made:
	@sh tools/make_venv.sh $(VENV) "$(PYTHON)" $(CONSTRAIN)
	@echo '$(CURDIR)' > $(VENV)/.place
	@touch $@

# On Linux PyTorch brings CUDA's libraries: 5.7 GB, and 3.0 GB of wheels, which
# lie in the temporary folder meanwhile and in pip's cache ever after. A disk
# that fills up ends pip minutes later, so what is free is said before.
SIZE = 6 GB, 12 GB with pip's downloads and cache (free: $$(df -Ph . | awk 'NR == 2 {print $$4}')), some minutes

$(VENV)/.train: $(VENV)/.made setup.cfg pyproject.toml $(LOCK)
	@echo "Installing the project and PyTorch: $(SIZE)"
	$(PIP) setuptools packaging
	$(BUILD) -e .
	@touch $@

$(VENV)/.test: $(VENV)/.made setup.cfg pyproject.toml $(LOCK)
	@echo "Installing the project, PyTorch and test tools: $(SIZE)"
	$(PIP) setuptools packaging
	$(BUILD) -e '.[$(EXTRAS)]'
	$(SCORES)
	@touch $(VENV)/.train $(VENV)/.lint $@

# The tools of the extra `lint`, without the project and its PyTorch.
LINT_TOOLS = import configparser; setup = configparser.ConfigParser(); \
	setup.read("setup.cfg"); print(setup["options.extras_require"]["lint"])

$(VENV)/.lint: $(VENV)/.made setup.cfg $(LOCK)
	$(PIP) $$($(RUN) -c '$(LINT_TOOLS)')
	@touch $@
