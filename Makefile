# recado: every target is a line that works when typed by hand as well.
PYTHON ?= python3
BROKER ?= embedded
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install brokers lint types unit transport test beside system bench faults fuzz demo up wheel compose-test clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

install: .venv/.installed ## make the virtual environment and install recado with what its tests need

.venv/.installed: pyproject.toml constraints.txt tests/plugin/pyproject.toml
	@tools/make-venv $(PYTHON)

brokers: ## install the brokers that tests start for themselves, as root on Debian
	@tools/install-brokers

lint: install ## check style, imports and formatting
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-cache

types: install ## check types with mypy and pyright, both strict
	$(BIN)/mypy && $(BIN)/pyright

unit: install ## run the quick tests: no processes, no brokers
	$(BIN)/pytest tests/unit

transport: install brokers ## run the contract suite over every broker
	$(BIN)/pytest tests/transport

# Two suites at a time: while one computes, the other mostly waits. The longest begins at once,
# which it would not if it had to ask for the brokers again.
test: lint brokers ## check everything and run every test
	@echo "two suites at a time; each prints when it ends, the last after ten minutes or so"
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=line --old-file=brokers system types unit beside

beside: install brokers
	$(BIN)/pytest --ignore=tests/unit --ignore=tests/system

system: install brokers ## run the tests that start processes
	$(BIN)/pytest tests/system

faults: install brokers ## run the long fault tests, and write what became of what to build/faults.jsonl
	@mkdir -p build && rm -f build/faults.jsonl
	RECADO_FAULTS=long RECADO_FAULTS_TABLE=build/faults.jsonl $(BIN)/pytest tests/system tests/transport/test_property.py -k "faults or network"

fuzz: install ## try thousands of studies, whole and broken ones, beside experiment-server and alone
	RECADO_FUZZ=long $(BIN)/pytest tests/integration/experiment_server tests/unit/experiment/fuzz

bench: install brokers ## measure, as ratios in one run
	$(BIN)/python -m benchmarks

demo: install ## run a study, and show what happened; BROKER=rabbitmq, activemq
ifeq ($(BROKER),embedded)
	$(BIN)/recado demo
else
	@tools/install-brokers
	$(BIN)/python -m tests.brokers $(BROKER) $(BIN)/recado demo
endif

up: install ## start the suite and leave it running; Ctrl-C drains it
	$(BIN)/recado up

wheel: install ## build the wheel and run it in a clean environment
	$(BIN)/pytest tests/system/test_wheel.py

compose-test: install ## run the suite in containers, where Docker is
	RECADO_COMPOSE=1 $(BIN)/pytest tests/system/test_compose.py

clean: ## remove what was made
	rm -rf .venv .recado .demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
