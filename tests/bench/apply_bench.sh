#!/usr/bin/env bash
# 100 containers of `true`, four at a time: a whole `studyctl apply`, results and all, beside `xargs -P4 docker run --rm` (or podman's),
# in interleaved pairs; the median of their ratios (over 1: studyctl is ahead).
# usage: PATH=build:$PATH tests/bench/apply_bench.sh docker|podman [PAIRS [CONTAINERS]]     on the engines of tests/testbed
set -euo pipefail
engine=${1:?docker or podman} pairs=${2:-5} containers=${3:-100}
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
DOCKER_HOST=$("$top/tests/testbed/$engine.sh" up)
export DOCKER_HOST
"$top/images/build.sh" tiny --socket "$DOCKER_HOST" >/dev/null
case $engine in
  docker) run="docker run --rm" ;;
  podman) run="podman --remote --url $DOCKER_HOST run --rm" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
true_study "$containers" studyctl/tiny:1 "parallelism: 4"
# shellcheck disable=SC2086
in_a_loop() { seq "$containers" | xargs -P4 -I{} $run studyctl/tiny:1 true; }

for pair in $(seq "$pairs"); do
  loop=$(seconds_of in_a_loop)
  apply=$(seconds_of studyctl --results "results-$pair" apply study.yaml)
  awk -v l="$loop" -v a="$apply" 'BEGIN { printf "%.3f\n", l / a }' >>ratios
  echo "xargs $loop s, studyctl apply $apply s ($(tail -n 1 ratios) x)"
done
echo "median $(sort -n ratios | sed -n "$(((pairs + 1) / 2))p") x"
