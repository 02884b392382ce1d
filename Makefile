# Every command works alone on a fresh machine with Python 3.11+ and make: each sets up .venv first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup run terraform-local test test-e2e-to-d test-e2e-from-e test-adversity test-code lint bench \
  bench-micro soak soak-faults soak-interleavings soak-lake soak-fuzz format lock

help:  ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: $(STAMP)  ## Create .venv with the locked packages

$(STAMP): requirements.lock pyproject.toml
	@echo "Making $(VENV) with $(PYTHON)."
	$(PYTHON) -m venv $(VENV)
	@echo "Installing the locked packages, 225 MB to download and 1.2 GB on disk: two to five minutes the first time."
	@echo "After 'Installing collected packages' pip says nothing while it unpacks and compiles them: a minute or more."
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $(STAMP)

run: $(STAMP)  ## Start the whole stack on this machine, with a live table of its counts
	$(BIN)/rdp up

terraform-local: $(STAMP)  ## Apply the Terraform configuration to the engine that `rdp up --detach` runs
	$(BIN)/rdp terraform apply

# Four at a time: the e2e tests wait for their engines, the others compute.
test: $(STAMP)  ## Every test and lint that CI runs
	$(MAKE) --no-print-directory -j4 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) test-e2e-to-d test-e2e-from-e test-adversity test-code lint

# Two parts, by the first letter of the files: each file is in one of them, and both wait for engines of their own.
test-e2e-to-d: $(STAMP)
	$(BIN)/python -m pytest -q tests/e2e --ignore-glob='*/test_[!a-d]*'

test-e2e-from-e: $(STAMP)
	$(BIN)/python -m pytest -q tests/e2e --ignore-glob='*/test_[a-d]*'

ADVERSITY := tests/faults tests/interleavings tests/mutation tests/fuzz tests/property

test-adversity: $(STAMP)
	$(BIN)/python -m pytest -q $(ADVERSITY)

test-code: $(STAMP)
	$(BIN)/python -m pytest -q --ignore=tests/e2e $(ADVERSITY:%=--ignore=%)

lint: $(STAMP)  ## ruff, mypy, import-linter, cfn-lint, codespell, pip check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-lint infra/cloudformation/*.yaml bench/baseline/template.yaml
	$(BIN)/codespell *.md ingest consumer infra bench tests
	$(BIN)/python -m pip check

bench: $(STAMP)  ## 1,000 requests a minute for 3 minutes, judged, with a report
	$(BIN)/rdp bench

bench-micro: $(STAMP)  ## What a request, a batch and the stream cost, as ratios in one run
	$(BIN)/python -m bench.micro.ingest
	$(BIN)/python -m bench.micro.dialects
	$(BIN)/python -m bench.micro.limits
	$(BIN)/python -m bench.micro.consumer
	$(BIN)/python -m bench.micro.stream
	$(BIN)/python -m bench.micro.audit
	$(BIN)/python -m bench.micro.redaction
	$(BIN)/python -m bench.redaction.recall
	$(BIN)/python -m bench.micro.query
	$(BIN)/python -m bench.micro.lake

# All at once: the first two take a process a core, the fuzzing its minutes whatever else runs.
soak: $(STAMP)  ## Every fault, crash, order and random program, and fuzzing, at length (an hour on two cores); renews the RESULTS
	$(MAKE) --no-print-directory -j4 soak-faults soak-interleavings soak-lake soak-fuzz

soak-faults: $(STAMP)
	$(BIN)/python -m tests.faults.results

soak-interleavings: $(STAMP)
	$(BIN)/python -m tests.interleavings.results

soak-lake: $(STAMP)
	$(BIN)/python -m tests.faults.lake_soak

soak-fuzz: $(STAMP)
	$(BIN)/python -m tests.fuzz.long --minutes 2

format: $(STAMP)  ## Format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(STAMP)  ## Renew requirements.lock from pyproject.toml (needs uv: pip install uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --upgrade -o requirements.lock
