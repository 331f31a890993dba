# Commands of the project. Each is one line of work here; what is longer stands in infra/local.
PORT ?= 4566
PYTHON ?= python3
STACK ?= countersign
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help venv build dev test check e2e browser bench deploy clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): infra/local/requirements.txt
	@echo "Setting up .venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

venv: $(READY) ## Set up the Python tools

build: ## Build the functions and the admin command, for this machine
	cargo build --workspace --bins

dev: $(READY) ## Run the whole product on this machine (PORT=4566, CLEAN=1 starts empty)
	@$(BIN)/python infra/local/dev.py up --port $(PORT) $(if $(CLEAN),--clean)

test: $(READY) ## Everything that must pass before a change lands
	@$(BIN)/python infra/local/check.py

check: $(READY) ## Only format, lints and the template
	@$(BIN)/python infra/local/check.py format lint template python

e2e: $(READY) ## Only the end-to-end suite, on a stack of its own
	@$(BIN)/python infra/local/check.py e2e

browser: $(READY) ## Only the browser suite, on a stack of its own
	@$(BIN)/python infra/local/check.py browser

bench: $(READY) ## Print the measurements of docs/benchmarks.md
	@$(BIN)/python infra/local/bench.py

deploy: ## Build release zips for arm64 and deploy to a real account (STACK=, MAIL_IDENTITY=, MAIL_FROM= ...)
	@infra/deploy.sh $(STACK)

clean: ## Forget the local stack's state and its tools; build output stays
	rm -rf .dev .venv
