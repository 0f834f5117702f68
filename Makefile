# The same commands without make, as on Windows: py tools\bootstrap.py demo
PYTHON ?= python3
ARGS ?=
KILLS ?= 100
BOOTSTRAP = $(PYTHON) tools/bootstrap.py
LOCK = uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-kills check bench lock clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 20

demo: ## install, then run the sprint wk8_demo through R0..R5
	@$(BOOTSTRAP) demo

test: ## the test suite (ARGS="-k words" goes to pytest)
	@$(BOOTSTRAP) test $(ARGS)

test-kills: ## kill -9 the sprint's command at KILLS random moments (100), then run it again
	@STUDIO_TEST_KILLS=$(KILLS) $(BOOTSTRAP) test tests/e2e/test_crashes.py -k kill_9 $(ARGS)

check: ## everything that CI asks for (ARGS=--no-tests leaves the tests out)
	@$(BOOTSTRAP) check $(ARGS)

bench: ## measure, beside a bare loop that runs the same gates
	@$(BOOTSTRAP) install
	@.venv/bin/python -m tools.bench $(ARGS)

lock: ## make the lock files again, with uv (ARGS=--upgrade takes newer releases)
	@command -v uv >/dev/null || { echo "error: no uv on PATH; try: $(PYTHON) -m pip install uv" >&2; exit 2; }
	$(LOCK) --group build --output-file requirements.txt $(ARGS)
	$(LOCK) --group dev --extra notify --extra postgres --extra redis --constraint requirements.txt --output-file requirements-dev.txt $(ARGS)

clean: ## remove what was installed and cached; the store .studio_gateway stays
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find gateway_project gates sprints tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
