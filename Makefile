# Without make, for example on Windows: py tools\bootstrap.py demo
PYTHON ?= python3
ARGS ?=
TRIALS ?= 500
WHOLE = tests/faults tests/sprints/modelcheck tests/sprints/core/test_unshipping.py \
	tests/sprints/git/test_repository_shapes.py \
	$(patsubst %,tests/e2e/test_%.py,clones feedback git_kills hosts pushes ships unship upgrade)
AGENTS ?= claude-code,codex
BOOTSTRAP = $(PYTHON) tools/bootstrap.py
LOCK = uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-faults test-kills test-agents pictures check bench lock audit clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 20

demo: ## install, then run the demo sprint wk8_demo
	@$(BOOTSTRAP) demo

test: ## run the test suite (ARGS="-k words" goes to pytest)
	@$(BOOTSTRAP) test $(ARGS)

test-faults: ## run all fault tests: kill, freeze and starve processes TRIALS times (default 500)
	@STUDIO_TEST_KILLS=$(TRIALS) $(BOOTSTRAP) test $(WHOLE) $(ARGS)

test-kills: ## run only the fault tests that kill a running sprint at random moments
	@STUDIO_TEST_KILLS=$(TRIALS) $(BOOTSTRAP) test tests/faults/test_command.py $(ARGS)

test-agents: ## run whole sprints with real coding agents from npm (default AGENTS=claude-code,codex)
	@STUDIO_TEST_AGENTS=$(AGENTS) $(BOOTSTRAP) test tests/e2e/test_real_agents.py -s $(ARGS)

pictures: ## take the screenshots of the README again; needs Chromium
	@STUDIO_TEST_PICTURES=1 $(BOOTSTRAP) test tests/browser/test_pictures.py $(ARGS)

check: ## run all checks of CI (ARGS=--no-tests skips the tests)
	@$(BOOTSTRAP) check $(ARGS)

bench: ## run the benchmarks (ARGS="--quick web" runs a part)
	@$(BOOTSTRAP) install
	@.venv/bin/python -m tools.bench $(ARGS)

lock: ## write the lock files with uv (ARGS=--upgrade takes newer releases)
	@command -v uv >/dev/null || { echo "error: uv is not on PATH; install it: $(PYTHON) -m pip install uv" >&2; exit 2; }
	$(LOCK) --group build --output-file requirements.txt $(ARGS)
	$(LOCK) --group dev --extra metrics --extra notify --extra postgres --extra redis --constraint requirements.txt --output-file requirements-dev.txt $(ARGS)
	$(LOCK) --group build --extra metrics --extra notify --extra postgres --extra redis --constraint requirements-dev.txt --output-file deploy/requirements.txt $(ARGS)

audit: ## report known vulnerabilities of the locked packages; asks PyPI with pip-audit
	@command -v pip-audit >/dev/null || { echo "error: pip-audit is not on PATH; install it: $(PYTHON) -m pip install pip-audit" >&2; exit 2; }
	pip-audit --strict --disable-pip --require-hashes --requirement deploy/requirements.txt --requirement requirements-dev.txt $(ARGS)

clean: ## remove .venv, build files and caches; the store .studio_gateway stays
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find gateway_project gates sprints tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
