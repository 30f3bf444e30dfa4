#!/usr/bin/env bash
# Feeds the manifest reader with made-up manifests, and the server with made-up requests, under ASan and UBSan, from the
# seeds in corpus/ and requests/.
# usage: tests/fuzz/run.sh [SECONDS]     of each (600 unless given)
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-600}
build=$PWD/build-fuzz

mkdir -p "$build"
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
  -DSTUDYCTL_FUZZ=ON -DSTUDYCTL_UNIT_ONLY=ON >"$build/configure.log" 2>&1 || { cat "$build/configure.log" >&2; exit 1; }
cmake --build "$build" --target manifest_fuzz request_fuzz --parallel "$(nproc)"

# The targets bound an input's own time; -timeout is for one that never ends, on however busy a machine.
fuzz() {
  local target=$1 seeds=$2
  mkdir -p "$build/found-$target"
  echo "$target"
  "$build/tests/fuzz/$target" -max_len=65536 -timeout=30 -rss_limit_mb=1024 -detect_leaks=0 \
    -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="$build/" "$build/found-$target" "tests/fuzz/$seeds" \
    >"$build/$target.log" 2>&1 || { tail -40 "$build/$target.log" >&2; exit 1; }
  grep -E '^(Done|stat::)' "$build/$target.log"
}
fuzz manifest_fuzz corpus
fuzz request_fuzz requests
