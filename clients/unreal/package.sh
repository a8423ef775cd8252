#!/usr/bin/env bash
# package.sh [--libzmq PREFIX] PLUGINS: makes PLUGINS/Meshcast, the plugin with the headers that it is built on and libzmq.
# PREFIX holds include/zmq.h, lib/ and on Windows bin/, as vcpkg, Homebrew and `cmake --install` lay them out; without it, what
# pkg-config finds is taken.
set -euo pipefail
fail() {
  echo "package.sh: $1" >&2
  exit 1
}
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

prefix="" plugins=""
while [ $# -gt 0 ]; do
  case "$1" in
    --libzmq) [ $# -gt 1 ] || fail "usage: package.sh [--libzmq PREFIX] PLUGINS"; prefix="$2"; shift ;;
    -*) fail "usage: package.sh [--libzmq PREFIX] PLUGINS" ;;
    *) plugins="$1" ;;
  esac
  shift
done
[ -n "$plugins" ] || fail "usage: package.sh [--libzmq PREFIX] PLUGINS"

if [ -n "$prefix" ]; then
  include="$prefix/include" folders=("$prefix/lib" "$prefix/bin")
elif command -v pkg-config >/dev/null && pkg-config --exists libzmq; then
  include="$(pkg-config --variable=includedir libzmq)" folders=("$(pkg-config --variable=libdir libzmq)")
else
  fail "no libzmq was found; install it and name its folder with --libzmq, see README.md"
fi
[ -f "$include/zmq.h" ] || fail "$prefix: no include/zmq.h in it; name the folder that libzmq was installed into"
[ ! -e "$plugins/Meshcast" ] || fail "$plugins/Meshcast exists already; remove it first"

mkdir -p "$plugins"
stage="$(mktemp -d "$plugins/.meshcast.XXXXXX")"
trap 'rm -rf "$stage"' EXIT
cp -R "$here/Meshcast" "$stage/Meshcast"
cp "$here/README.md" "$here/../../LICENSE" "$stage/Meshcast/"
third="$stage/Meshcast/Source/ThirdParty"
mkdir -p "$third/Meshcast/include" "$third/libzmq/include"
cp -R "$here/../cpp/include/meshcast" "$third/Meshcast/include/"
cp "$include/zmq.h" "$third/libzmq/include/"

# copy PLATFORM NAME...: those files, under the engine's name for the platform.
copied=0
copy() {
  local to="$third/libzmq/lib/$1" folder name
  shift
  for folder in "${folders[@]}"; do
    for name in "$@"; do
      for file in "$folder"/$name; do
        [ -f "$file" ] || continue
        mkdir -p "$to"
        cp -L "$file" "$to/"
        copied=$((copied + 1))
      done
    done
  done
}
copy Win64 'libzmq*.lib' 'libzmq*.dll' 'libsodium*.dll'
copy Mac 'libzmq*.dylib'
copy Linux 'libzmq.so' 'libzmq.so.5'
[ "$copied" -gt 0 ] || fail "${folders[*]}: no libzmq in it; name the folder that libzmq was installed into"
mv "$stage/Meshcast" "$plugins/Meshcast"
echo "$plugins/Meshcast"
