# Every verb of the project; people and CI use the same ones. `make` alone lists them.
#
# Only python3 (3.10 to 3.13) and make are needed: the rest is installed into .venv. Another
# interpreter is named once, at set-up: make setup PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BIOME := tools/page/node_modules/.bin/biome
READY := $(VENV)/.ready
DEMO ?=
SOAK ?=
RATES ?=
SYNC_SOAK ?=
SERVE ?=
FUZZ ?=
WAREHOUSE ?=
TESTS ?=
MUTANTS ?=
BENCH ?=
ENGINE ?= spark
ENGINES ?=
ENGINE_CHECK_spark := comparison
ENGINE_CHECK_snowflake := comparison
ENGINE_CHECK_sqlmesh := loading
ENGINE_ENV := .cache/engines/$(ENGINE)
PYTEST := $(BIN)/python -m pytest
# The lock names every package, so nothing is left to resolve (older pips stumble over extras there).
INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-compile
LOCK := uv pip compile --universal --python-version 3.10 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help setup demo serve check test coverage mutants bench engines semantics lint format lock audit schemas spec-update options marts page picture screenshots charts docs dist soak sync-soak model-syncs warehouse rates fuzz ledger record clean

help: ## list these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## install everything into .venv, once; PYTHON=python3.12 chooses the interpreter

$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; ok = (3, 10) <= v <= (3, 13); \
	ok or sys.exit("Python 3.10 to 3.13 is needed, and $(PYTHON) is %d.%d: name another one, as in make setup PYTHON=python3.12" % v)'
	@echo "== set-up: an environment in $(VENV) and the packages of requirements-dev.txt"
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
	echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian: python3-venv)."; exit 1; }
	@$(INSTALL) --require-hashes --requirement requirements-dev.txt
	@$(INSTALL) --no-build-isolation --editable .
	@$(BIN)/python -m pip check --quiet --disable-pip-version-check
	@touch $@

demo: $(READY) ## a simulated company from Stripe to MRR in a report; DEMO="--customers 50" passes options
	@$(BIN)/stripe-saas demo $(DEMO)

serve: $(READY) ## the service, connected to a simulated company that lives; SERVE="--port 8091" passes options
	@$(BIN)/python -m tools.living_service $(SERVE)

check: lint ## lint, types and the quick unit tests, in two minutes
	@echo "== quick unit tests"
	@$(PYTEST) -n 2 --dist loadscope -m "not slow and not image_tests" unit_tests

test: lint ## lint, types, then all tests; TESTS="unit_tests -k words" passes options
	@echo "== tests"
	@$(PYTEST) -n 2 --dist loadscope --no-loadscope-reorder $(TESTS)

coverage: $(READY) ## the unit tests, and what they do not cover: the least covered files, and all
	@$(PYTEST) -q -n 2 --dist loadscope --cov --cov-report= unit_tests
	@$(BIN)/coverage report --sort=cover | sed -n '1,12p;$$p'

mutants: $(READY) ## mistakes in mrr, streams and ledger that no unit test notices; MUTANTS="ledger --sample 50"
	@$(BIN)/python -m tools.mutants $(MUTANTS)

bench: $(READY) ## measure the connector beside others into benchmarks/results.md; BENCH=cpu_bound runs one
	@$(BIN)/python -m benchmarks $(BENCH)

engines: $(READY) $(ENGINE_ENV)/.ready ## the models on ENGINE=spark (needs Java 17), snowflake (fakesnow), bigquery (its analyzer), trino (a grammar) or sqlmesh (its plan)
	@$(BIN)/python -m integration_tests.engines.$(or $(ENGINE_CHECK_$(ENGINE)),analysis) \
	$(ENGINE) --python $(ENGINE_ENV)/bin/python $(ENGINES)

semantics: $(READY) .cache/engines/metricflow/.ready ## MetricFlow's answers beside the marts, of a simulated company
	@$(BIN)/python -m integration_tests.semantics --mf .cache/engines/metricflow/bin/mf

.cache/engines/%/.ready: integration_tests/engines/%.txt
	@echo "== an environment for $* in $(@D)"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --require-hashes \
	--requirement $<
	@touch $@

lint: $(READY) ## ruff's rules and format, import rules, mypy's types, the page; changes nothing
	@echo "== ruff check"
	@$(BIN)/ruff check .
	@echo "== ruff format --check"
	@$(BIN)/ruff format --check .
	@echo "== import rules"
	@$(BIN)/lint-imports --cache-dir .cache/import-linter
	@echo "== mypy"
	@$(BIN)/mypy
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory page; \
	else echo "== biome, the report's page: left out, there is no npm"; fi

format: $(READY) ## mend what ruff can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

page: $(READY) $(BIOME) ## lint the JavaScript of the report's page (needs npm)
	@echo "== biome, the report's page"
	@$(BIN)/python -m tools.page_script build/page.js
	@$(BIOME) lint --config-path=tools/page --error-on-warnings build/page.js
	@$(BIOME) format --config-path=tools/page stripe_saas/report/assets/page

$(BIOME): tools/page/package-lock.json
	@npm ci --silent --prefix tools/page
	@touch $@

lock: ## write requirements*.txt anew from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	@$(LOCK) --quiet --extra dev pyproject.toml -o requirements-dev.txt
	@$(LOCK) --quiet -c requirements-dev.txt pyproject.toml -o requirements.txt
	@for each in spark bigquery trino sqlmesh metricflow; do \
	$(LOCK) --quiet integration_tests/engines/$$each.in -o integration_tests/engines/$$each.txt || exit 1; done
	@$(LOCK:3.10=3.11) --quiet integration_tests/engines/snowflake.in -o integration_tests/engines/snowflake.txt

audit: $(READY) ## ask whether vulnerabilities of the locked packages are known; says so if nobody answers
	@$(BIN)/python -m tools.audit

spec-update: $(READY) ## take in a newer specification of Stripe's: SPEC=path; prints first what it changes
	@$(BIN)/python -m tools.spec_changes $(SPEC)
	@$(MAKE) --no-print-directory schemas SPEC=$(SPEC)

schemas: $(READY) ## write schemas/ and docs/streams.md anew; SPEC=path also takes in a new specification
	@$(BIN)/python -m tools.generate_schemas $(or $(SPEC),--from-extract)
	@$(BIN)/python -m tools.generate_stream_docs
	@$(BIN)/python -m tools.generate_privacy_docs

charts: $(READY) ## store the newest Apache ECharts for the report (needs npm)
	@$(BIN)/python -m tools.fetch_charts

options: $(READY) ## write docs/options.md and the tables of docs/mrr.md anew
	@$(BIN)/python -m tools.option_effects
	@$(BIN)/python -m tools.generate_mrr_docs

screenshots: $(READY) ## take docs/report-*.png anew, of the report that make demo left
	@$(BIN)/python -m tools.report_pictures

docs: $(READY) ## build docs/ as a site into dist/site, the models' own pages with it; a broken link fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@$(BIN)/python -m tools.model_docs dist/site/models.html

dist: $(READY) ## build wheel and sdist into dist/ and check their metadata; publishes nothing
	@rm -f dist/*.whl dist/*.tar.gz
	@$(BIN)/python -m hatchling build -d dist
	@$(BIN)/twine check --strict dist/*.whl dist/*.tar.gz

marts: $(READY) ## write docs/marts.md anew, from the models' descriptions
	@$(BIN)/python -m tools.generate_mart_docs

api-docs: $(READY) ## write docs/api.md anew, from the routes of the service
	@$(BIN)/python -m tools.generate_api_docs

picture: $(READY) ## draw docs/demo.svg anew, from a run of the demo
	@$(BIN)/stripe-saas demo --ids $(DEMO) | tee /dev/stderr | $(BIN)/python -m tools.demo_picture

soak: $(READY) ## a thousand accounts under faults and kills; writes docs/reliability.md (SOAK="--seeds 50")
	@$(BIN)/python -m integration_tests.soak --report docs/reliability.md \
	--commit "$$(git rev-parse --short=12 HEAD)" $(SOAK)

sync-soak: $(READY) ## three hundred companies into warehouses under faults and kills; SYNC_SOAK="--seeds 5"
	@$(BIN)/python -m integration_tests.sync_soak $(SYNC_SOAK)

model-syncs: $(READY) ## two hundred small syncs, all models compared after each; MODEL_SYNCS="--syncs 20 --postgres"
	@$(BIN)/python -m integration_tests.model_syncs $(MODEL_SYNCS)

rates: $(READY) ## each fault alone at 10 % against a company of 500; writes docs/reliability.md
	@$(BIN)/python -m integration_tests.soak.rates --report docs/reliability.md \
	--commit "$$(git rev-parse --short=12 HEAD)" $(RATES)

fuzz: $(READY) ## a hundred thousand damaged configs, catalogs and states; FUZZ="--cases 1000"
	@$(BIN)/python -m integration_tests.fuzz $(FUZZ)

ledger: $(READY) ## compare the MRR rules with ten companies' own ledgers; LEDGER="--seeds 2"
	@$(BIN)/python -m integration_tests.ledger_check $(LEDGER)

warehouse: $(READY) ## ten companies of 2,000 customers through the models; WAREHOUSE="--seeds 1"
	@$(BIN)/python -m integration_tests.warehouse $(WAREHOUSE)

record: $(READY) ## record the cassettes anew, from the sandbox
	@$(PYTEST) -n 0 --record-mode=rewrite integration_tests/test_cassettes.py

clean: ## remove .venv and everything else that was made here
	@rm -rf $(VENV) .cache/benchmarks .cache/engines .cache/coverage .cache/import-linter .cache/mutants .demo .serve .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
