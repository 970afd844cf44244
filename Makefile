# make report: from a clean checkout to the report.   make test: the suite.   Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STUDIES ?= iris,digits,solubility
SAMPLES ?= iris
# Tests side by side: which stay together, and which start first, is said in tests/conftest.py.
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

.PHONY: report test slow setup lint bench soak docs gallery gpu constraints system

report: setup
	@$(BIN)/exhibit report study=$(STUDIES)

test: setup $(VENV)/torchvision
	@$(PYTEST) -m "not slow"

# What takes minutes: whole reports, kills, the articles' own architectures.
slow: setup $(VENV)/torchvision
	@$(PYTEST) -m slow

lint: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

# On a machine that does nothing else; docs/benchmarks.json holds all numbers, docs/performance.md each goal.
bench: setup $(VENV)/torchvision
	@$(BIN)/python -m tests.benchmarks

# Kills a report at 200 random moments, where the suite does it six times, makes every offline study twice, and
# the studies of the articles from files in their format.
soak: setup $(VENV)/torchvision
	@KILLS=200 REPRODUCE=all $(BIN)/python -m pytest -m slow tests/flows/test_resume.py tests/flows/test_reproduce.py tests/test_originals.py tests/test_studies.py

# The site in build/docs, which opens without a server, with reports to look at.
docs: setup
	@rm -rf build/samples
	@$(BIN)/exhibit report study=$(SAMPLES) runner=inline document.issued=2026-01-01T00:00:00Z paths.runs=build/samples
	@NO_MKDOCS_2_WARNING=true $(BIN)/python -m mkdocs build --strict --quiet
	@echo "docs: $(CURDIR)/build/docs/index.html"

# Every study in every language, a page that shows and measures them, and the README's pictures; GALLERY=iris,digits:
# these alone, GALLERY=iris+digits+solubility: what the README shows.
gallery: setup
	@$(BIN)/python -m tests.gallery $(GALLERY)

# Every torch method on the GPU beside the processor; where there is none it says so and compares the processor.
gpu: setup
	@$(BIN)/python -W ignore -m tests.gpu

setup: $(VENV)/ready system

# Installed once: again only when the project's dependencies change.
$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "Python 3.11, 3.12 or 3.13 is needed; name it with: make PYTHON=python3.12"; exit 2; }
	@echo "setting up $(VENV): some minutes and about 4 GB, once"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar off -c constraints.txt -e '.[dev]'
	@touch $@

# The registry has torchvision for CUDA alone; the suite declares its operators and does without them, and timm, which
# wants it, comes with it. Of axe-playwright-python the suite wants axe alone, not the browsers' driver of 165 MB.
# roc-validator pins older libraries than it needs; of rocrate the suite wants the file of its vocabulary alone.
$(VENV)/torchvision: $(VENV)/ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps torchvision==0.28.0 timm==1.0.31 axe-playwright-python==0.1.8 roc-validator==0.13.0 rocrate==0.13.0
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt rich-click colorlog inquirerpy enum-tools pyshacl rdflib requests-cache
	@touch $@

# Pango, which WeasyPrint sets type with, is a system library.
system: $(VENV)/ready
	@$(BIN)/python -c 'import weasyprint' 2>/dev/null || ./.ci/system pango

constraints: setup
	@{ echo '# Exact versions that the suite passed with. To renew: make constraints.'; \
	   $(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu//'; } > constraints.new && mv constraints.new constraints.txt
