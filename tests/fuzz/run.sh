#!/usr/bin/env bash
# Feeds the manifest reader with made-up manifests under ASan and UBSan, from the seeds in corpus/.
# usage: tests/fuzz/run.sh [SECONDS]     (600 unless given)
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-600}
build=$PWD/build-fuzz

mkdir -p "$build/found"
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
  -DSTUDYCTL_FUZZ=ON -DSTUDYCTL_UNIT_ONLY=ON >"$build/configure.log" 2>&1 || { cat "$build/configure.log" >&2; exit 1; }
cmake --build "$build" --target manifest_fuzz --parallel "$(nproc)"

# The target measures an input's own time; -timeout is for one that never ends, on however busy a machine.
"$build/tests/fuzz/manifest_fuzz" -max_len=65536 -timeout=30 -rss_limit_mb=1024 -detect_leaks=0 \
  -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="$build/" "$build/found" tests/fuzz/corpus \
  >"$build/fuzz.log" 2>&1 || { tail -40 "$build/fuzz.log" >&2; exit 1; }
grep -E '^(Done|stat::)' "$build/fuzz.log"
