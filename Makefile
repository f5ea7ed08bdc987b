# `make` lists what there is to make. Each target makes .venv first, which is quick the second time.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help serve test train lint format bench bench-peers bench-train bench-retrain bench-numbers bench-v2 bench-metrics
.PHONY: slow-test kill-test rolling-test contract-test soak mutation coverage vendor screenshots release clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
HOST ?= 127.0.0.1
CONSTRAINTS := pyproject.toml constraints.txt
RESULTS := var/bench/results.json
CHART := var/bench/chart.png

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(VENV)/.serve ## Serve on 127.0.0.1:8000 (PORT=8080 for another port), and print an admin key
	@KEY="$${NUMERAL_ADMIN_KEYS:-$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(24))')}"; \
	echo; echo "  Numeral:    http://$(HOST):$(PORT)   (reference: http://$(HOST):$(PORT)/docs)"; \
	[ -n "$$NUMERAL_ADMIN_KEYS" ] || echo "  admin key:  $$KEY"; echo; \
	HOST=$(HOST) PORT=$(PORT) NUMERAL_ADMIN_KEYS="$$KEY" exec $(BIN)/numeral serve

test: $(VENV)/.dev ## Run the tests: five minutes
	$(BIN)/python -m pytest

slow-test: $(VENV)/.dev ## Run the slow tests: whole trainings, kills and restarts under load, ten minutes
	$(BIN)/python -m pytest -m slow

train: $(VENV)/.train ## Train, evaluate and publish a version by the full recipe: minutes
	$(BIN)/numeral train

lint: $(VENV)/.dev ## Check with ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev ## Let ruff put things right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## Measure requests a second beside two references: 7 minutes
	$(BIN)/python -m bench.serve --json $(RESULTS) --chart $(CHART)

# The first run makes a virtual environment for each peer under var/bench: some minutes, and a gigabyte each.
bench-peers: $(VENV)/.dev ## Measure LitServe, BentoML, MLServer and Ray Serve beside Numeral
	$(BIN)/python -m bench.peers --json $(RESULTS) --chart $(CHART)

bench-train: $(VENV)/.dev ## Measure the time of a training to 99 %: 1 minute
	$(BIN)/python -m bench.train

bench-retrain: $(VENV)/.dev ## Measure predictions with a retraining beside them: 1.5 minutes
	$(BIN)/python -m bench.retrain

bench-numbers: $(VENV)/.dev ## Measure reading numbers, and predictions beside it: 1 minute
	$(BIN)/python -m bench.numbers

bench-v2: $(VENV)/.dev ## Measure batches by the protocol V2 beside /predict/batch: 1 minute
	$(BIN)/python -m bench.protocols

bench-metrics: $(VENV)/.dev ## Measure what /metrics costs, for one worker and for two: 2 minutes
	$(BIN)/python -m bench.metrics

kill-test: $(VENV)/.dev ## Kill processes at 200 random moments, and look for losses: 15 minutes
	$(BIN)/python -m bench.kill --times 200

rolling-test: $(VENV)/.dev ## Restart servers behind nginx and HAProxy: 3 minutes
	$(BIN)/python -m bench.rolling --times 20

soak: $(VENV)/.dev ## Send good and bad requests, mixed: 10 minutes
	$(BIN)/python -m bench.soak --minutes 10

contract-test: $(VENV)/.dev ## Send thousands of requests that /openapi.json allows, and others: minutes
	$(BIN)/python -m tests.contract

mutation: $(VENV)/.dev ## Change the pure core's meaning, bit by bit: does a test notice? A quarter of an hour
	$(BIN)/python -m tests.mutation

# Not a part of `make test`: before Python 3.14 a trace function counts every line, and the tests take a third more of
# the processor.
coverage: $(VENV)/.dev ## Run all tests, and list the lines and branches that none of them reaches
	$(BIN)/python -m pytest -m '' --cov --cov-report=term:skip-covered

vendor: $(VENV)/.dev ## Fetch the page's vendored files from npm, at the versions of vendored.json
	$(BIN)/python -m tests.vendored

screenshots: $(VENV)/.dev ## Write pictures of the page into var/screenshots, in both themes, wide and narrow: minutes
	mkdir -p var/screenshots
	SCREENSHOTS=$(CURDIR)/var/screenshots $(BIN)/python -m pytest -m '' -n 1 tests/browser

release: $(VENV)/.dev ## Check, test, build and tag a release: VERSION=1.2.3
	.ci/release '$(VERSION)'

clean: ## Remove .venv and what tools leave behind
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# A server can be asked to retrain, so it is installed with what training needs.
$(VENV)/.serve $(VENV)/.train: $(CONSTRAINTS) | $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[train]'
	@touch $(VENV)/.serve $(VENV)/.train

$(VENV)/.dev: $(CONSTRAINTS) | $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(VENV)/.serve $(VENV)/.train $(VENV)/.dev

$(VENV):
	$(PYTHON) -m venv $(VENV)
