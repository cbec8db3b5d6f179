PYTHON ?= python3
BIN = .venv/bin
# Python compiles what it imports; all else need not be.
INSTALL = $(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt

.PHONY: demo example test test-all check docs benchmark benchmark-gpu clean

# Corpus, training, word error rate and one recognised clip; everything lands in demo/.
demo: .venv/demo
	rm -rf demo/run
	$(BIN)/python -m sfsign_jax.prepare synthetic_signs/demo --prepared_dir demo/data
	$(BIN)/python -m sfsign_jax.train --config configs/demo.py --workdir demo/run
	$(BIN)/python -m sfsign_jax.evaluate --config configs/demo.py --checkpoint demo/run/best --split dev
	$(BIN)/python tools/export_clip.py synthetic_signs/demo demo/clip.mp4 --prepared_dir demo/data
	$(BIN)/python -m sfsign_jax.recognize --checkpoint demo/run/best demo/clip.mp4

# What is installed with the package, so that it can be tried at once; of the demo's run.
example: demo
	$(BIN)/python -m sfsign_jax.evaluate --config configs/demo.py --checkpoint demo/run/best --split test
	$(BIN)/python tools/make_example.py

# A file's tests go to one worker, in the files' order: they share fixtures and programs.
PYTEST = $(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadfile --no-loadscope-reorder

test: check
	$(PYTEST) -m 'not slow'

# And what takes long: browsers, whole commands, runs that are stopped or killed, programs for
# a TPU.
test-all: test .venv/libtpu
	$(PYTEST) -m slow

check: .venv/test docs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# The site, in site/; a link that leads nowhere is an error. The warning that is switched off is of
# MkDocs 2, which Material does not work with.
docs: .venv/test
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# Beside PyTorch on this machine; takes long. Copy what is worth keeping to
# benchmarks/RESULTS.md.
benchmark: .venv/test
	$(BIN)/python benchmarks/against_pytorch.py
	$(BIN)/python benchmarks/decoding.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/evaluation.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/long_videos.py

# In eight minutes on one GPU, training first; writes gpu.md.
benchmark-gpu: .venv/gpu
	$(BIN)/python benchmarks/gpu.py

.venv/gpu: .venv/demo
	$(INSTALL) --editable '.[gpu,train,convert]'
	touch $@

.venv/demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable '.[train]'
	touch $@

.venv/test: .venv/demo
	$(INSTALL) --editable '.[train,convert,demo,hub,onnx,docs,dev]'
	touch $@

# Not among the other packages: JAX would look for a TPU whenever it starts.
.venv/libtpu: .venv/test
	$(INSTALL) --target $@ --no-deps libtpu
	touch $@

clean:
	rm -rf .venv demo site
