PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help

help: ## Show the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# One environment from the lock; bytecode compiled once, because every notebook starts a kernel.
.venv/.ready: requirements/lock.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --require-hashes --compile-bytecode --quiet -r requirements/lock.txt
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --quiet -e .
	touch $@

env: .venv/.ready ## Make the environment in .venv

demo: env ## Run the demo study and print the path of its report
	$(BIN)/cjm run demo

test: env ## Run all tests: units, notebooks, one whole run
	$(BIN)/python -m pytest -n 2 --dist loadfile
	$(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=120 -p no:cacheprovider notebooks

lint: env ## Check style, imports between floors, and that notebooks are stripped
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/nbstripout --keep-count --keep-id --verify notebooks/*.ipynb

types: env ## Check types
	$(BIN)/mypy

notebooks: env ## Open JupyterLab on the notebooks
	$(BIN)/jupyter lab notebooks

bench: env ## Measure runs, small and large (about five minutes)
	$(BIN)/python benchmarks/runs.py

# An environment of its own: nothing that is shipped or tested needs torch.
.venv-training/.ready: requirements/lock.txt requirements/training.txt
	test -x .venv-training/bin/python || $(PYTHON) -m venv .venv-training
	.venv-training/bin/python -m pip install --quiet uv
	.venv-training/bin/uv pip install --python .venv-training/bin/python --no-deps --require-hashes --compile-bytecode --quiet -r requirements/lock.txt
	.venv-training/bin/python -m pip install --no-deps --quiet -r requirements/training.txt
	.venv-training/bin/uv pip install --python .venv-training/bin/python --no-deps --quiet -e .
	touch $@

DATA ?= ../shared/data

train: .venv-training/.ready ## Train the language model anew from DATA, about an hour
	.venv-training/bin/python training/train.py --data $(DATA) --out training/out
	.venv-training/bin/python training/export.py --data $(DATA) --weights training/out/mixed.pt

language: .venv-training/.ready ## Measure the language model and its peers on DATA
	.venv-training/bin/python benchmarks/language.py --data $(DATA) --plot docs/images/reliability.png

heads: env ## Fit the heads of the coder anew from DATA, a few minutes
	OMP_NUM_THREADS=1 $(BIN)/python training/fit_statements.py --data $(DATA)

voices: .venv-training/.ready ## Measure the coding of what people say on DATA
	OMP_NUM_THREADS=2 .venv-training/bin/python benchmarks/voices.py --data $(DATA)

# An environment of its own: the peers are nobody's dependency.
.venv-benchmarks/.ready: requirements/lock.txt requirements/benchmarks.txt
	test -x .venv-benchmarks/bin/python || $(PYTHON) -m venv .venv-benchmarks
	.venv-benchmarks/bin/python -m pip install --quiet uv
	.venv-benchmarks/bin/uv pip install --python .venv-benchmarks/bin/python --no-deps --require-hashes --compile-bytecode --quiet -r requirements/lock.txt
	.venv-benchmarks/bin/uv pip install --python .venv-benchmarks/bin/python --no-deps --compile-bytecode --quiet -r requirements/benchmarks.txt
	.venv-benchmarks/bin/uv pip install --python .venv-benchmarks/bin/python --no-deps --quiet -e .
	touch $@

EVENTS ?= 10000000

behaviour: .venv-benchmarks/.ready ## Measure behaviour and its peers on EVENTS made events
	.venv-benchmarks/bin/python benchmarks/behaviour.py --events $(EVENTS)

faults: env ## Kill, starve and race runs; the last good report must stand (about half an hour)
	$(BIN)/python -m tests.faults

fuzz: env ## Read damaged files of every format
	$(BIN)/python -m tests.fuzz

simulate: env ## Simulate the statistics and the joined map with a known truth
	$(BIN)/python benchmarks/simulate.py

lock: env ## Resolve the lock anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes \
	  --override requirements/overrides.txt --no-header --no-annotate --no-emit-index-url \
	  --quiet -o requirements/lock.txt

.PHONY: help env demo test lint types notebooks bench train language heads voices behaviour faults fuzz simulate lock
