# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
FOR_TESTS := .venv/.installed-for-tests
RAY := .venv-ray/.installed
PORT ?= 5000
# Tests wait for processes they start: one worker more than cores keeps all cores busy.
WORKERS := $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))
COMPILE := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links

export PATH := $(abspath $(BIN)):$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
export DVC_NO_ANALYTICS := true

.DEFAULT_GOAL := help
.PHONY: help install run report ui test check format bench mutants reliability lock clean

help: ## Show what make can do
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

install: $(INSTALLED) ## Build .venv from requirements.lock (run does it when needed; test adds requirements-dev.lock)

# $(call from_lock,ENVIRONMENT,LOCK): install all of a lock, hashes checked; by uv, or by pip where uv does not work.
define from_lock
	@if $(1)/bin/uv --version >/dev/null 2>&1; then \
	  $(1)/bin/uv pip install --quiet --python $(1)/bin/python --compile-bytecode --require-hashes -r $(2); \
	else \
	  $(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(2); \
	fi
endef

# $(call environment,FOLDER): a fresh environment with the uv that requirements.lock names.
define environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(1)
	@sed -n '/^uv==/,/# via/p' requirements.lock > $(1)/uv.lock
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)/uv.lock \
	  || echo "uv cannot be installed here: pip does it, more slowly"
endef

# The project's own files in place, then what a first run would otherwise wait for.
$(INSTALLED): requirements.lock pyproject.toml
	$(call environment,.venv)
	$(call from_lock,.venv,requirements.lock)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m gp_segmentation warm-up
	@touch $@

$(FOR_TESTS): $(INSTALLED) requirements-dev.lock
	$(call from_lock,.venv,requirements-dev.lock)
	@touch $@

# Ray's launcher asks for an older cloudpickle than everything else takes: an environment of its own.
$(RAY): tests/requirements-ray.lock requirements.lock pyproject.toml
	$(call environment,.venv-ray)
	$(call from_lock,.venv-ray,tests/requirements-ray.lock)
	.venv-ray/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: $(INSTALLED) ## The whole job: data, segments, page, tracked run (FROM=folder takes raw files from there)
	gpseg-data $(if $(SOURCE),source=$(SOURCE)) $(if $(FROM),'from="$(FROM)"')
	$(if $(SOURCE),dvc exp run --set-param source=$(SOURCE),dvc repro)
	@python -m gp_segmentation summary

report: $(INSTALLED) ## Write the page again and say where it is
	dvc repro report
	@python -m gp_segmentation summary

# The address goes by the environment: with a password in it, it must not stand in the list of processes.
ui: $(INSTALLED) ## Open the MLflow UI of this project's store on 127.0.0.1 (PORT=5000); print the link to the runs
	@PORT=$(PORT) python -m gp_segmentation ui & \
	case "$$MLFLOW_TRACKING_URI" in http*) wait; exit;; esac; \
	echo "MLflow UI: http://127.0.0.1:$(PORT)  (Ctrl+C ends it)"; \
	MLFLOW_BACKEND_STORE_URI="$${MLFLOW_TRACKING_URI:-sqlite:///$(CURDIR)/mlruns/mlflow.db}" \
	  exec mlflow ui --host 127.0.0.1 --port $(PORT)

# What is compiled is kept, even where the environment forbids it: else each process tests start compiles it anew.
test: $(FOR_TESTS) $(RAY) ## Run every test
	env -u PYTHONDONTWRITEBYTECODE pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0

check: $(FOR_TESTS) ## Lint, types, import contracts, doctests
	ruff format --check .
	ruff check .
	mypy
	lint-imports
	pytest --doctest-modules src -q -p no:cacheprovider

format: $(FOR_TESTS) ## Format the code
	ruff check --fix .
	ruff format .

bench: $(INSTALLED) ## Speed, each as a ratio against what one would do instead
	@for file in benchmarks/bench_*.py; do echo "== $$file"; python $$file || exit 1; done

mutants: $(FOR_TESTS) ## Put faults in on purpose and count those the tests find; write docs/MUTANTS.md (half an hour)
	python benchmarks/mutants.py

reliability: $(FOR_TESTS) ## Break files, kill runs, fill disks at length; write docs/RELIABILITY.md (an hour)
	python benchmarks/reliability.py

lock: $(FOR_TESTS) ## Resolve the lock files anew
	uv pip compile pyproject.toml --extra install $(COMPILE) -o requirements.lock
	uv pip compile pyproject.toml --extra install --extra dev --extra postgres --extra s3 --extra azure $(COMPILE) -c requirements.lock -o requirements-dev.lock
	uv pip compile pyproject.toml --extra install --extra ray $(COMPILE) -o tests/requirements-ray.lock

clean: ## Remove the environment and the caches (data and mlruns stay)
	rm -rf .venv .venv-ray mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
