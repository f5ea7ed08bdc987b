# make serve | test | train | lint | format | bench | bench-peers | bench-train | bench-retrain
#      kill-test | rolling-test | contract-test | soak
# Each makes .venv first, which is quick the second time. make clean removes it.
.DELETE_ON_ERROR:
.PHONY: serve test train lint format bench bench-peers bench-train bench-retrain
.PHONY: kill-test rolling-test contract-test soak clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
HOST ?= 127.0.0.1
CONSTRAINTS := pyproject.toml constraints.txt
RESULTS := var/bench/results.json
CHART := var/bench/chart.png

serve: $(VENV)/.serve
	@KEY="$${NUMERAL_ADMIN_KEYS:-$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(24))')}"; \
	echo; echo "  Numeral:    http://$(HOST):$(PORT)   (reference: http://$(HOST):$(PORT)/docs)"; \
	[ -n "$$NUMERAL_ADMIN_KEYS" ] || echo "  admin key:  $$KEY"; echo; \
	HOST=$(HOST) PORT=$(PORT) NUMERAL_ADMIN_KEYS="$$KEY" exec $(BIN)/numeral serve

test: $(VENV)/.dev
	$(BIN)/python -m pytest

train: $(VENV)/.train
	$(BIN)/numeral train

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python -m bench.serve --json $(RESULTS) --chart $(CHART)

# The first run makes a virtual environment for each peer under var/bench: some minutes, and a gigabyte each.
bench-peers: $(VENV)/.dev
	$(BIN)/python -m bench.peers --json $(RESULTS) --chart $(CHART)

bench-train: $(VENV)/.dev
	$(BIN)/python -m bench.train

bench-retrain: $(VENV)/.dev
	$(BIN)/python -m bench.retrain

# SIGKILL at 200 random moments; a quarter of an hour on two cores.
kill-test: $(VENV)/.dev
	$(BIN)/python -m bench.kill --times 200

# Needs nginx and HAProxy; three minutes.
rolling-test: $(VENV)/.dev
	$(BIN)/python -m bench.rolling --times 20

# Good and bad traffic mixed for ten minutes.
soak: $(VENV)/.dev
	$(BIN)/python -m bench.soak --minutes 10

# Thousands of requests by schemathesis; some minutes.
contract-test: $(VENV)/.dev
	$(BIN)/python -m tests.contract

clean:
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
