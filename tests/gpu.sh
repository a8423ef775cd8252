#!/usr/bin/env bash
# Everything that needs a GPU, in less than ten minutes: builds for it, tests, sanitizers, benchmarks. Nothing is
# installed where PYTHON (default: python3) has torch with CUDA, nanobind and the test tools already; else .venv is made.
# On a machine without a network, packages come from a folder named site-packages in PYTHONPATH, where
# `pip install --no-index --no-deps --target FOLDER/site-packages *.whl` has put them.
# Each step has a time limit, none hides another, and the end says which failed. Logs and metrics: build/gpu.
set -uo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
ARCHITECTURES=${MESHCAST_CUDA_ARCHITECTURES:-native}
OUT=$PWD/build/gpu
LIMIT_S=585
export PATH="$PATH:/usr/local/cuda/bin" PYTHONUNBUFFERED=1
mkdir -p "$OUT"
failed=()

step() { # NAME SECONDS COMMAND...: its time limit is cut to what is left of all
  local name=$1 seconds=$2 begin=$SECONDS
  shift 2
  ((seconds > LIMIT_S - SECONDS)) && seconds=$((LIMIT_S - SECONDS))
  if ((seconds < 5)); then
    echo "== $name: left out, no time is left"
    failed+=("$name")
    return 1
  fi
  echo "== $name (at most $seconds s)"
  timeout -k 5 "$seconds" "$@" 2>&1 | tee "$OUT/${name// /_}.log" | tail -n "${LINES_SHOWN:-12}"
  local status=${PIPESTATUS[0]}
  echo "== $name: $([ "$status" = 0 ] && echo ok || echo "FAILED ($status)"), $((SECONDS - begin)) s"
  [ "$status" = 0 ] || failed+=("$name")
  return "$status"
}

ready() { # PYTHON
  "$1" -c 'import cmake, hypothesis, nanobind, ninja, numpy, pytest, scipy, torch; assert torch.cuda.is_available()' 2>/dev/null
}

if ! ready "$PYTHON"; then
  [ -x .venv/bin/python ] && ready .venv/bin/python || step install 300 make .venv/installed-dev PYTHON="$PYTHON"
  PYTHON=$PWD/.venv/bin/python
fi
PYTHON=$("$PYTHON" -c 'import sys; print(sys.executable)')
LIBRARIES=$("$PYTHON" -c 'import sys; print(":".join(path for path in sys.path if path.endswith("-packages")))')
export PATH="$(dirname "$PYTHON"):$PATH"

build() {
  local scripts
  scripts=$("$PYTHON" -c 'import cmake, ninja; print(cmake.CMAKE_BIN_DIR + ":" + ninja.BIN_DIR)') && PATH="$scripts:$PATH"
  cmake -S . -B "$OUT/native" -G Ninja -DMESHCAST_NATIVE=ON -DMESHCAST_CUDA=ON -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CUDA_ARCHITECTURES="$ARCHITECTURES" -DCMAKE_CUDA_FLAGS=-lineinfo -DPython_EXECUTABLE="$PYTHON" >/dev/null &&
    cmake --build "$OUT/native" &&
    rm -rf "$OUT/site" && mkdir "$OUT/site" && cp -r kernels/edge_kernels "$OUT/site" &&
    rm -f "$OUT"/site/edge_kernels/*.so && cp "$OUT"/native/_native*.so "$OUT/site/edge_kernels"
}
export -f build
export PYTHON OUT ARCHITECTURES LIBRARIES

# The package that was built here: an editable installation would bring the other one, so no site-packages hooks (-S).
export PYTHONPATH_HERE="$OUT/site:.:clients/python:$LIBRARIES"
test_run() {
  PYTHONPATH=$PYTHONPATH_HERE "$PYTHON" -S -m pytest -q -p no:cacheprovider -m gpu "$@"
}
# Few cases of every operator; torch's allocator would hide what is written beside an array.
sanitized() { # TOOL PYTEST-ARGUMENTS...
  local tool=$1
  shift
  PYTORCH_NO_CUDA_MEMORY_CACHING=1 PYTHONPATH=$PYTHONPATH_HERE compute-sanitizer --tool "$tool" --error-exitcode 1 \
    "$PYTHON" -S -m pytest -q -p no:cacheprovider -m gpu "$@"
}
benchmarks() {
  PYTHONPATH=$PYTHONPATH_HERE "$PYTHON" -S tests/benchmarks/bm_gpu.py --output "$OUT/metrics.json"
}
streams() {
  PYTHONPATH=$PYTHONPATH_HERE "$PYTHON" -S tests/benchmarks/bm_streams.py --frames 200
}
export -f test_run sanitized benchmarks streams

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || true
step build 240 bash -c build
step tests 150 bash -c 'test_run tests/kernels tests/engines/pose2mesh/test_native_session.py'
grep -q ' passed' "$OUT/tests.log" || failed+=("tests: all were skipped")
SMALL='not captures and (test_plan or test_tiles or 19-19-1 or 97-60-3 or 4-4096-57 or 67-270 or 2-33-7 or 3-64 or 0.3- or quarter or 31-33-0.06 or 101-203 or 2-5-6)'
export SMALL
step memcheck 90 bash -c 'sanitized memcheck tests/kernels -k "$SMALL"'
step racecheck 90 bash -c 'sanitized racecheck tests/kernels -k "$SMALL"'
LINES_SHOWN=60 step benchmarks 150 bash -c benchmarks
if "$PYTHON" -c 'import av, cuda.core, cv2, lz4, mcap, onnx, platformdirs, zmq, zstandard' 2>/dev/null; then
  step "tests of streams" 60 bash -c 'test_run tests/engines/device'
  LINES_SHOWN=80 step streams 150 bash -c streams
else
  echo "== streams: left out, they need the packages av, cuda-core, lz4, mcap, onnx, opencv-python-headless, platformdirs," \
    "pyzmq and zstandard"
fi

if ((${#failed[@]})); then
  echo "failed: ${failed[*]}; see $OUT/*.log"
  exit 1
fi
echo "all steps passed in $SECONDS s; metrics: $OUT/metrics.json"
