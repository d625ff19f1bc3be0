# The commands of a newcomer: `make run`, `make test`. Everything goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
TORCH := 2.13.0
WORKERS ?= 3
SBOM ?= build/sbom.cdx.json

.PHONY: run cluster test lint train lock sbom bench drill clean

run: $(VENV)/.installed
	@$(BIN)/hocvuso serve

# Three workers on a PostgreSQL of their own behind a load balancer, on this machine; Ctrl-C ends it.
cluster: $(VENV)/.installed-test
	@$(BIN)/python -m benchmarks.cluster

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=25

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/bandit -q -r bot handlers knowledge records retrieval staff -ll
	$(BIN)/hocvuso knowledge check

# Train the shipped model anew from the content; minutes on one core.
train: $(VENV)/.installed-test
	$(BIN)/hocvuso index train --calibrate-on tests/data/questions/dev.jsonl \
		--calibrate-on tests/data/questions/out_of_scope.jsonl

bench: $(VENV)/.installed-test
	$(BIN)/python -m benchmarks.serve
	$(BIN)/python -m benchmarks.turn
	$(BIN)/python -m benchmarks.plans
	$(BIN)/python -m benchmarks.retrieval compare

# Back up the data folder, restore the backup elsewhere, and compare what both answer.
drill: $(VENV)/.installed
	$(BIN)/hocvuso db backup
	$(BIN)/hocvuso db drill

# What the program is made of, as CycloneDX: each package of the lock with its version and hashes.
sbom: $(VENV)/.installed-test
	@mkdir -p $(dir $(SBOM))
	$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible \
		--output-format JSON --output-file $(SBOM)

# Write the two lock files from pyproject.toml.
lock: $(VENV)/.installed
	$(PIP) install uv
	printf 'torch ; python_version < "3"\n' > $(VENV)/without-torch.txt
	$(BIN)/uv pip compile pyproject.toml --extra pg -o requirements.lock \
		--generate-hashes --python-version 3.11 --no-emit-index-url --no-header -q
	$(BIN)/uv pip compile pyproject.toml requirements-torch.txt --all-extras -o requirements-test.lock \
		--override $(VENV)/without-torch.txt -c requirements.lock \
		--generate-hashes --python-version 3.11 --no-emit-index-url --no-header -q

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; \
		sys.exit(None if v >= (3, 11) else f"found Python {v[0]}.{v[1]}, expected 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# The lock names everything but torch, so nothing is resolved (--no-deps). torch comes from a local
# wheel folder where pip is set up with one, else from its own index of CPU builds, for this one
# package only.
$(VENV)/.installed-test: requirements-test.lock $(VENV)/.installed
	$(PIP) install --no-deps --require-hashes -r requirements-test.lock
	$(PIP) install --no-deps torch==$(TORCH)+cpu 2>/dev/null || \
		$(PIP) install --no-deps --index-url https://download.pytorch.org/whl/cpu torch==$(TORCH)+cpu
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache
