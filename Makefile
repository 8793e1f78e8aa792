# Every target makes its own environment first; the package install is the only use of the network.
PYTHON ?= python3
BIN := .venv/bin
SNAKEMAKE := $(BIN)/snakemake
# The recordings for `make auslan` and `make article`: an archive, a folder or a URL.
RAW ?=
# Of the recordings that `make seeds` simulates; the demo's own is 0.
SEEDS ?= 1 2 3
# More for `make bench`, such as `BENCH="--auslan results/auslan"`.
BENCH ?=
# The study, a folder of results/, for `make alignments`.
STUDY ?= auslan
# Of a study, for `make break`.
KILLS ?= 40
# More for `make mutate`, such as `MUTATE="--mutants 50 --seed 1"`.
MUTATE ?=

export PYTHONPATH := $(CURDIR)/workflow
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help demo seeds auslan article bench page calibrate alignments mutate break test lint docs explorer lock clean raw

help:
	@echo "make demo                  the demo study on simulated recordings, end to end"
	@echo "make seeds                 the demo's networks on recordings of three other seeds"
	@echo "make auslan RAW=<source>   the real study: 94 signs, 20 networks x 5 autoencoders"
	@echo "make article RAW=<source>  the article's own settings, flaws included"
	@echo "make bench RAW=<source>    speed against what one would write otherwise, as ratios"
	@echo "make page STUDY=<name>     size and speed of a study's report in Chromium, beside the goals"
	@echo "make calibrate             error rate and power of the statistics, on simulated studies"
	@echo "make alignments            other ways to bring networks onto one another"
	@echo "make mutate                which small changes of the statistics the unit tests catch"
	@echo "make break                 kills, damaged files and archives, in great numbers"
	@echo "make test                  linters and the whole test suite"
	@echo "make docs                  what is made from options.py and stages.py"
	@echo "make explorer              the report's script, from workflow/explorer; needs node and npm"
	@echo "make lint                  linters only"
	@echo "make clean                 takes away .venv and the demos"
	@echo "make lock                  resolve envs/*.in again"

.venv/study: envs/requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r envs/requirements.txt
	touch $@

# For a study whose jobs a SLURM cluster runs.
.venv/slurm: envs/requirements-slurm.txt .venv/study
	$(BIN)/python -m pip install --quiet --require-hashes -r envs/requirements-slurm.txt
	touch $@

.venv/dev: envs/requirements-dev.txt envs/requirements-slurm.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r envs/requirements-dev.txt \
	    -r envs/requirements-slurm.txt
	touch $@

.venv/mutation: envs/requirements-mutation.txt .venv/dev
	$(BIN)/python -m pip install --quiet --require-hashes -r envs/requirements-mutation.txt
	touch $@

demo: .venv/study
	$(SNAKEMAKE) --configfile config/demo.yaml

# Answers are about networks: as few and as short autoencoders as there can be.
seeds: .venv/study
	for seed in $(SEEDS); do \
	    $(SNAKEMAKE) --configfile config/demo.yaml --config study=demo-$$seed \
	        "simulate={\"seed\": $$seed}" 'autoencoder={"seeds": 1, "epochs": 1}' \
	        --until evidence || exit 1; \
	done
	@for seed in $(SEEDS); do \
	    echo "seed $$seed: $$($(BIN)/python -m signpaths findings results/demo-$$seed | head -n 1)"; \
	done

# Before an environment is built for nothing.
raw:
	@test -n "$(RAW)" || { \
	    echo "make $(MAKECMDGOALS) RAW=<archive, folder or URL of the recordings>"; exit 2; }

auslan: CONFIGS := config/auslan.yaml
article: CONFIGS := config/auslan.yaml config/article.yaml
auslan article: raw .venv/study
	$(SNAKEMAKE) --configfile $(CONFIGS) --config 'data={"source": "$(RAW)"}'

bench: raw .venv/study
	$(BIN)/python tests/benchmarks/bench.py --raw "$(RAW)" $(BENCH)

page: .venv/dev
	$(BIN)/python tests/benchmarks/page.py results/$(STUDY)/report.html

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(SNAKEMAKE) --lint

calibrate: .venv/study
	$(BIN)/python tests/benchmarks/calibration.py

alignments: .venv/study
	$(BIN)/python tests/benchmarks/alignments.py results/$(STUDY)

mutate: .venv/mutation
	$(BIN)/python tests/mutation/mutate.py $(MUTATE)

# Long: kills, fuzzed files and archives, in numbers that the tests have samples of.
break: .venv/dev
	$(BIN)/python tests/breaking/kills.py --kills $(KILLS)
	$(BIN)/python tests/breaking/hostile_data.py

# Tests of one file share what they train, so a file stays with one process.
test: lint
	$(BIN)/python -m pytest --numprocesses logical --dist loadfile --no-loadscope-reorder

docs: .venv/dev
	$(BIN)/python -m signpaths.documents .

# What a reader of a report runs is in the repository; node is only needed to change it.
EXPLORER := workflow/explorer
$(EXPLORER)/node_modules: $(EXPLORER)/package-lock.json
	npm --prefix $(EXPLORER) ci --silent
	touch $@

explorer: $(EXPLORER)/node_modules
	npm --prefix $(EXPLORER) --silent run check
	npm --prefix $(EXPLORER) --silent run test
	npm --prefix $(EXPLORER) --silent run bundle

lock:
	cd envs && for set in requirements-cpu:requirements requirements-gpu:requirements-gpu \
	    requirements-dev:requirements-dev requirements-slurm:requirements-slurm \
	    requirements-mutation:requirements-mutation; do \
	    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	        $${set%%:*}.in --output-file $${set##*:}.txt || exit 1; \
	done

clean:
	rm -rf .venv .snakemake results/demo logs/demo $(SEEDS:%=results/demo-%) $(SEEDS:%=logs/demo-%)
