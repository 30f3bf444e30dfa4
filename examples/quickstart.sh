#!/usr/bin/env bash
# From a clean clone to a table of results: installs what is missing (Debian 12, as root or with sudo), builds studyctl, finds an
# engine or starts Podman's service, makes the image of the example, and runs it.
# usage: examples/quickstart.sh [RESULTS]        default: ./results
set -euo pipefail
cd "$(dirname "$0")/.."
results=${1:-results}
build=$PWD/build

tests/install.sh build images
mkdir -p "$build"
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DBUILD_TESTING=OFF >"$build/configure.log" 2>&1 ||
  { cat "$build/configure.log" >&2; exit 1; }
cmake --build "$build" --target studyctl --parallel "$(nproc)"

engine_answers() {
  local address
  for address in "${DOCKER_HOST:-}" "${CONTAINER_HOST:-}" unix:///var/run/docker.sock unix:///run/podman/podman.sock \
    "unix://${XDG_RUNTIME_DIR:-/nowhere}/podman/podman.sock"; do
    case $address in
      unix://*) curl -fs --max-time 5 --unix-socket "${address#unix://}" http://localhost/_ping >/dev/null 2>&1 && return 0 ;;
      tcp://*) curl -fs --max-time 5 "http://${address#tcp://}/_ping" >/dev/null 2>&1 && return 0 ;;
    esac
  done
  return 1
}

if ! engine_answers; then
  tests/install.sh podman
  address=$(tests/testbed/podman.sh up)
  export DOCKER_HOST=$address
  trap 'tests/testbed/podman.sh down' EXIT
fi
images/build.sh zstd
"$build/studyctl" --results "$results" apply examples/quickstart/study.yaml
"$build/studyctl" --results "$results" results quickstart --by input,level,threads
echo "results: $(readlink -f "$results/quickstart/latest")"
