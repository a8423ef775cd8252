#!/usr/bin/env bash
# fuzz.sh PROGRAM CORPUS [LIBFUZZER_OPTION...]: builds the fuzzer, starts from the golden packets and what is in CORPUS, and
# keeps there what it learns. Inputs that fail lie beside PROGRAM. Exits with 77 where clang has no libFuzzer.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
program="$1" corpus="$2"
shift 2

sanitizers=-fsanitize=fuzzer,address,undefined
clang=""
for name in clang++ $(compgen -c | grep -E '^clang\+\+-[0-9]+$' | sort -Vru); do
  command -v "$name" >/dev/null || continue
  if echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
    "$name" $sanitizers -x c++ - -o /dev/null 2>/dev/null; then
    clang="$name"
    break
  fi
done
if [ -z "$clang" ]; then
  echo "no clang++ with libFuzzer was found; on Debian and Ubuntu: apt-get install clang libclang-rt-dev" >&2
  exit 77
fi

mkdir -p "$corpus"
cp -n "$here"/../../../tests/data/wire/*.bin "$corpus"
"$clang" -std=c++17 -g -O1 -Wall -Wextra -Werror $sanitizers -fno-sanitize-recover=all -I "$here/../include" \
  "$here/decode_fuzz.cpp" -o "$program"
# No message of at most 4096 bytes is worth an allocation of 16 MB. What is freed is kept for a while, to see its use: a little
# of it is enough.
export ASAN_OPTIONS="quarantine_size_mb=32:${ASAN_OPTIONS:-}"
exec "$program" -max_len=4096 -rss_limit_mb=512 -malloc_limit_mb=16 -artifact_prefix="$program-" "$@" "$corpus"
