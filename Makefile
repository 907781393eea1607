# Every target works from a fresh clone: `make test` first creates .venv from the locked requirements.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# Four processes, of which two mostly wait, keep two cores busy; `make test JOBS=0` runs everything in one, one after another.
JOBS ?= 4
# Their long tests are those on three servers.
CLUSTER := tests/intake/test_nats_cluster.py tests/servers/test_nats.py tests/app/letters/test_letters_nats.py
TESTS := $(BIN)/python -m pytest -n $(JOBS) --dist worksteal

.PHONY: help install demo test check format types contracts oracles vscode soak bench docs lock clean

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(STAMP) ## create .venv with the locked requirements and this package

# The lock is complete, so nothing is resolved: pip before 23.3 takes an extra such as coverage[toml]
# for a requirement without a version, and refuses it as soon as a newer release exists.
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fqlc needs Python 3.11 or later; set PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $(STAMP)

demo: install ## the whole path on this machine, in less than half a minute
	$(BIN)/fqlc demo

test: install ## all tests, against real servers
	$(TESTS)

check: install ## lint, types, import contracts, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(TESTS)

format: install ## format and apply safe fixes
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

oracles: install ## what meets PostgreSQL, on the oldest version that is tested, and NATS on three servers
	FQL_POSTGRES_MAJOR=16 $(TESTS) tests
	$(BIN)/python -m pytest -m soak $(CLUSTER)
	$(BIN)/python -m tests.oracles.prism
	$(BIN)/python -m tests.oracles.exported
	$(BIN)/python -m tests.lsp.oracles
	git diff --exit-code tests/lsp/golden/textdocument.jsonl
	$(MAKE) vscode && cp $(VSCODE)/fql-0.1.0.vsix $(VSCODE)/first.vsix
	$(MAKE) vscode && cmp $(VSCODE)/fql-0.1.0.vsix $(VSCODE)/first.vsix
	cd $(VSCODE) && node_modules/.bin/vscode-tmgrammar-test -g fql.tmLanguage.json test/colours.fql

VSCODE := grammar/editors/vscode
# Packaging asks nobody: without a network where that can be taken away. The date is that of the last
# commit, so that the package is the same bytes twice.
vscode: ## package the extension of VS Code, in grammar/editors/vscode (needs npm)
	cp grammar/fql_grammar/fql.tmLanguage.json LICENSE $(VSCODE)/
	cd $(VSCODE) && npm install --no-audit --no-fund --no-package-lock --ignore-scripts && npm run --silent build
	cd $(VSCODE) && export SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) && \
	  if unshare -rn true 2>/dev/null; then unshare -rn npm run --silent package; else npm run --silent package; fi

soak: install ## long random runs: kills, faults, fuzzing
	$(BIN)/python -m pytest -m soak --timeout=3600 --override-ini addopts="--import-mode=importlib" tests

bench: install ## benchmarks, side by side with what a user would pick instead
	$(BIN)/python -m tests.benchmarks

docs: install ## the site, in .site/html; needs no network
	$(BIN)/python -m tests.docs.site

lock: ## renew requirements.lock, and that of the runtime alone (needs uv)
	uv pip compile pyproject.toml --all-extras --group test --group lint --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	uv pip compile pyproject.toml --extra server --extra ui --extra postgres --extra nats --extra uvloop --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -c requirements.lock \
	  -o runtime/fql/cli/project_files/deploy/requirements.lock

clean: ## remove the environment and all caches
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
