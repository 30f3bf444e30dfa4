#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: on this machine, against real engines that it starts itself.
# usage: tests/run.sh [unit]       "unit" leaves out the tests that need engines
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-all}
build=${STUDYCTL_BUILD:-$PWD/build}
jobs=$(nproc)
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1  # one clone's objects serve the next

if [ "$what" = unit ]; then tests/install.sh build tools; else tests/install.sh build tools engines; fi

mkdir -p "$build"
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER_LAUNCHER=ccache >"$build/configure.log" 2>&1 ||
  { cat "$build/configure.log" >&2; exit 1; }
cmake --build "$build" --parallel "$jobs"

export PATH="$build:$PATH"
ctest --test-dir "$build" --output-on-failure --parallel "$jobs" --label-regex '^unit$'
[ "$what" = unit ] && exit 0

stop_engines() {
  tests/testbed/kubernetes.sh down || true
  tests/testbed/slurm.sh down || true
  tests/testbed/docker.sh down || true
  tests/testbed/podman.sh down || true
}
trap stop_engines EXIT
tests/testbed/docker.sh up
tests/testbed/podman.sh up
STUDYCTL_TEST_SLURM=$(tests/testbed/slurm.sh up)
STUDYCTL_TEST_KUBERNETES=$(tests/testbed/kubernetes.sh up)
STUDYCTL_TEST_DOCKER=$(tests/testbed/docker.sh socket)
STUDYCTL_TEST_PODMAN=$(tests/testbed/podman.sh socket)
export STUDYCTL_TEST_DOCKER STUDYCTL_TEST_PODMAN STUDYCTL_TEST_SLURM STUDYCTL_TEST_KUBERNETES
for image in tiny zstd nwchem xtb torch; do
  images/build.sh "$image" --socket "$STUDYCTL_TEST_DOCKER"
  images/build.sh "$image" --socket "$STUDYCTL_TEST_PODMAN"
done
STUDYCTL_BUILD=$build images/build.sh tiny controller --socket "$(tests/testbed/kubernetes.sh docker)"

ctest --test-dir "$build" --output-on-failure --parallel 2 --label-regex '^e2e$'
