# make demo   installs, then takes the sample world from cells to maps
# make test   installs the development tools, then runs the tests
# make lint   ruff and mypy
# make fuzz   tries the readers with strange input, MINUTES=5 for each
# make docs   builds the documentation site into site/
# make bench  measures the claims of benchmarks/; ONLY="NAME …" measures some of them again

ifeq ($(OS),Windows_NT)
PYTHON ?= python
BIN := .venv/Scripts
else
PYTHON ?= python3
BIN := .venv/bin
endif
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
PHOTO := sample_data/photos/d165-00.jpg

.PHONY: demo test lint docs bench fuzz clean

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip --disable-pip-version-check install --quiet 'pip>=25.1'
	$(PIP) --editable '.[interactive,serve]'
	touch $@

.venv/developed: .venv/installed
	$(PIP) --group dev
	touch $@

demo: .venv/installed
	$(BIN)/geoguess cells build
	$(BIN)/geoguess cells map -o artifacts/figures/cells.png
	$(BIN)/geoguess train --stage all
	$(BIN)/geoguess eval
	$(BIN)/geoguess predict $(PHOTO)
	$(BIN)/geoguess occlude $(PHOTO) -o artifacts/figures/occlusion.png
	$(BIN)/geoguess probmap $(PHOTO) -o artifacts/figures/map.png
	$(BIN)/geoguess probmap $(PHOTO) -o artifacts/figures/map.html
	@echo
	@echo "Made from $(PHOTO) and its world:"
	@echo "  the cells             artifacts/cells.parquet, artifacts/figures/cells.png"
	@echo "  the model             artifacts/model/"
	@echo "  how training went     artifacts/runs/"
	@echo "  how good it is        artifacts/eval/report.html"
	@echo "  why it answers so     artifacts/figures/occlusion.png"
	@echo "  where it looks        artifacts/figures/map.png, artifacts/figures/map.html"

test: .venv/developed
	$(BIN)/python -m pytest -q -n auto

lint: .venv/developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/developed
	$(BIN)/python -m mkdocs build --strict --quiet
	@echo "open site/index.html"

bench: .venv/developed
	$(BIN)/python benchmarks/results.py $(ONLY)

fuzz: .venv/developed
	$(PIP) --group fuzz
	$(BIN)/python tests/fuzz/run.py --minutes $(or $(MINUTES),5)
	$(BIN)/python tests/promises.py

clean:
	rm -rf .venv artifacts site
