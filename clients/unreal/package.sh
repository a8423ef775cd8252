#!/usr/bin/env bash
# package.sh [OUT.zip]: the Unreal plugin with the headers that it is built on, to be unpacked into a project's Plugins
# folder. With LIBZMQ set to a folder that holds include/ and lib/PLATFORM/, libzmq goes in, too.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
out="${1:-Meshcast-unreal.zip}"
case "$out" in /*) ;; *) out="$PWD/$out" ;; esac
command -v zip >/dev/null || { echo "package.sh: zip was not found; on Debian and Ubuntu: apt-get install zip" >&2; exit 1; }

stage="$(mktemp -d)"
trap 'rm -rf "$stage"' EXIT
cp -R "$here/Meshcast" "$stage/Meshcast"
third="$stage/Meshcast/Source/ThirdParty"
mkdir -p "$third/Meshcast/include"
cp -R "$here/../cpp/include/meshcast" "$third/Meshcast/include/"
cp "$here/README.md" "$stage/Meshcast/"
cp "$here/../../LICENSE" "$stage/Meshcast/"
if [ -n "${LIBZMQ:-}" ]; then
  [ -f "$LIBZMQ/include/zmq.h" ] && [ -d "$LIBZMQ/lib" ] ||
    { echo "package.sh: $LIBZMQ: no include/zmq.h and lib/ in it" >&2; exit 1; }
  mkdir -p "$third/libzmq"
  cp -RL "$LIBZMQ/include" "$LIBZMQ/lib" "$third/libzmq/"
fi
(cd "$stage" && zip -qr "$stage/plugin.zip" Meshcast)
mv "$stage/plugin.zip" "$out"
echo "$out"
