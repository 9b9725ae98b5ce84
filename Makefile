# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
PORT ?= 5000

export PATH := $(abspath $(BIN)):$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
export DVC_NO_ANALYTICS := true

.DEFAULT_GOAL := help
.PHONY: help install run report ui test check format bench clean

help: ## Show what make can do
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: $(INSTALLED) ## Build .venv from requirements.lock (run and test do it when needed)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: $(INSTALLED) ## The whole job: data, segments, page, tracked run (FROM=folder takes raw files from there)
	gpseg-data $(if $(SOURCE),source=$(SOURCE)) $(if $(FROM),'from="$(FROM)"')
	$(if $(SOURCE),dvc exp run --set-param source=$(SOURCE),dvc repro)
	@python -m gp_segmentation summary

report: $(INSTALLED) ## Write the page again and say where it is
	dvc repro report
	@python -m gp_segmentation summary

ui: $(INSTALLED) ## Open the MLflow UI of this project's store on 127.0.0.1 (PORT=5000)
	@echo "MLflow UI: http://127.0.0.1:$(PORT)  (Ctrl+C ends it)"
	mlflow ui --host 127.0.0.1 --port $(PORT) --backend-store-uri "$${MLFLOW_TRACKING_URI:-sqlite:///$(CURDIR)/mlruns/mlflow.db}"

test: $(INSTALLED) ## Run every test
	pytest -n auto --dist loadgroup

check: $(INSTALLED) ## Lint, types, import contracts, doctests
	ruff format --check .
	ruff check .
	mypy
	lint-imports
	pytest --doctest-modules src -q -p no:cacheprovider

format: $(INSTALLED) ## Format the code
	ruff check --fix .
	ruff format .

bench: $(INSTALLED) ## Speed, each as a ratio against what one would do instead
	@for file in benchmarks/bench_*.py; do echo "== $$file"; python $$file || exit 1; done

clean: ## Remove the environment and the caches (data and mlruns stay)
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
