#!/usr/bin/env bash
# Feeds the manifest reader with made-up manifests, the server with made-up requests, and what unpacks results that are
# carried with made-up archives, under ASan and UBSan, from the seeds in corpus/, requests/ and archives/.
# usage: tests/fuzz/run.sh [SECONDS]     of each (600 unless given), a third of that for archives
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-600}
build=$PWD/build-fuzz

mkdir -p "$build"
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
  -DSTUDYCTL_FUZZ=ON -DSTUDYCTL_UNIT_ONLY=ON >"$build/configure.log" 2>&1 || { cat "$build/configure.log" >&2; exit 1; }
cmake --build "$build" --target manifest_fuzz request_fuzz archive_fuzz --parallel "$(nproc)"

# The targets bound an input's own time; -timeout is for one that never ends, on however busy a machine.
fuzz() {
  local target=$1 seeds=$2 seconds=${3:-$seconds}
  mkdir -p "$build/found-$target"
  echo "$target"
  "$build/tests/fuzz/$target" -max_len=65536 -timeout=30 -rss_limit_mb=1024 -detect_leaks=0 \
    -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="$build/" "$build/found-$target" "tests/fuzz/$seeds" \
    >"$build/$target.log" 2>&1 || { tail -40 "$build/$target.log" >&2; exit 1; }
  grep -E '^(Done|stat::)' "$build/$target.log"
}
fuzz manifest_fuzz corpus
fuzz request_fuzz requests
fuzz archive_fuzz archives $((seconds / 3 + 1))
