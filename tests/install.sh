#!/usr/bin/env bash
# Installs the Debian packages that building and testing need. Asks apt for nothing when all are there.
# usage: tests/install.sh GROUP...
#   build    compiler, cmake and the libraries that studyctl links
#   docker   Docker Engine                 podman   Podman and its runtime
#   images   what images/build.sh needs    tools    sqlite3, jq, curl, openssl, tmux, chromium, npm's ro-crate: what tests call
#   lint     clang, clang-format, clang-tidy, sanitizer and fuzzer runtimes, shellcheck
#   engines  docker podman images          all      everything above
set -euo pipefail

packages_of() {
  case $1 in
    build)
      echo cmake ninja-build g++ ccache pkg-config git curl ca-certificates xz-utils libyaml-cpp-dev nlohmann-json3-dev \
        libspdlog-dev libfmt-dev libcurl4-openssl-dev libsqlite3-dev libcli11-dev libssl-dev zlib1g-dev libre2-dev \
        libboost-dev libjs-chart.js libgtest-dev libgmock-dev libbenchmark-dev ;;
    docker) echo docker.io containerd runc iptables iproute2 curl ca-certificates ;;
    podman) echo podman runc conmon netavark aardvark-dns iptables iproute2 procps curl ca-certificates ;;
    images) echo mmdebstrap busybox-static zstd curl jq ;;
    tools)
      echo sqlite3 jq curl openssl tmux procps util-linux python3-jsonschema chromium
      command -v npm >/dev/null || echo npm ;;
    lint) echo clang clang-format clang-tidy libclang-rt-14-dev shellcheck ;;
    engines) packages_of docker; packages_of podman; packages_of images ;;
    all) for group in build engines tools lint; do packages_of "$group"; done ;;
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

# Debian 12's cpp-httplib (0.11.4) has open holes, its development release has a newer one: the upstream source of that
# package, of which the build needs one header, from the mirror that apt uses. To move on: another version, and the
# SHA-256 that its .dsc names.
install_httplib() {
  local version=0.41.0 hash=7acb492bffdd95165677d22145c2c4890e6432c5ef53d0f781defe8dec48f567
  local home=${STUDYCTL_CACHE:-$HOME/.cache/studyctl} directory mirror part
  directory=$home/cpp-httplib-$version
  [ ! -e "$directory/httplib.h" ] || return 0
  part=$directory.part-$$
  mkdir -p "$part"
  for mirror in $(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | sort -u); do
    curl -fsSL --retry 3 -o "$part/source.tar.xz" \
      "${mirror%/}/pool/main/c/cpp-httplib/cpp-httplib_$version+ds.orig.tar.xz" 2>/dev/null || continue
    echo "$hash  $part/source.tar.xz" | sha256sum --check --quiet >&2 || continue
    tar -xJf "$part/source.tar.xz" -C "$part" --strip-components=1 --wildcards '*/httplib.h' '*/LICENSE'
    rm "$part/source.tar.xz"
    mv -T "$part" "$directory" 2>/dev/null || rm -r "$part"  # another one was first
    return 0
  done
  rm -r "$part"
  echo "tests/install.sh: no mirror of apt's has cpp-httplib $version: name another version in tests/install.sh" >&2
  exit 5
}

# An independent reader of RO-Crates, outside of the source tree.
install_ro_crate() {
  local directory=$HOME/.cache/studyctl/npm
  [ ! -d "$directory/node_modules/ro-crate" ] || return 0
  mkdir -p "$directory"
  echo '{"private": true}' >"$directory/package.json"
  npm install --prefix "$directory" --no-audit --no-fund --silent ro-crate@3.7.2 >&2
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
case " $* " in *" tools "* | *" all "*) install_ro_crate ;; esac
