#!/usr/bin/env bash
# Builds an image of the examples from Debian's packages and loads it into an engine. Pulls nothing: a root file system
# is made once, kept as a tarball, and imported through the engine's API, so no docker or podman command is needed.
# usage: images/build.sh NAME... [--engine docker|podman] [--socket PATH] [--force] [--tarball]
#   NAME       a folder here: tiny, zstd, nwchem, xtb, torch, controller; becomes studyctl/NAME:1
#   --socket   the engine's socket; else DOCKER_HOST, else the usual sockets of --engine (or of both), else Podman's
#              service is started for the import
#   --force    makes the tarball again, and imports it even when the engine has that image
#   --tarball  only makes the tarball, and prints its path
# Tarballs are kept in ${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/images. An image whose recipe did not change is left alone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
changes=()
# shellcheck source=images/rootfs.sh
. "$here/rootfs.sh"
cache=${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/images

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2
  exit "$1"
}

fail() {
  echo "images/build.sh: $*" >&2
  exit 1
}

parse_options() {
  names=() engine='' socket='' force='' tarball_only=''
  while [ $# -gt 0 ]; do
    case $1 in
      --engine) engine=${2:?--engine wants docker or podman} && shift ;;
      --socket) socket=${2:?--socket wants a path} && socket=${socket#unix://} && shift ;;
      --force) force=yes ;;
      --tarball) tarball_only=yes ;;
      -h | --help) usage 0 ;;
      -*) usage 4 ;;
      *) names+=("$1") ;;
    esac
    shift
  done
  [ "${#names[@]}" -gt 0 ] || usage 4
  for name in "${names[@]}"; do
    [ -f "$here/$name/recipe.sh" ] || fail "no image is called '$name'"
  done
}

# ---- the engine ----

api() {
  local path=$1
  shift
  curl -sS --fail-with-body "${connection[@]}" "$@" "$base/v1.41$path"
}

answers() {
  [ "$(curl -s -m 5 --unix-socket "$1" http://localhost/_ping 2>/dev/null)" = OK ]
}

candidate_sockets() {
  [ "$engine" = podman ] || echo /var/run/docker.sock
  [ "$engine" = docker ] || printf '%s\n' /run/podman/podman.sock "${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/podman/podman.sock"
}

# Podman's storage is the same whoever serves it; this service ends by itself when it has been idle.
start_podman() {
  local path
  path=${XDG_RUNTIME_DIR:-/tmp}/studyctl-images-$(id -u).sock
  answers "$path" && echo "$path" && return
  (cd / && exec setsid podman system service --time=20 "unix://$path") >/dev/null 2>&1 </dev/null &
  for _ in $(seq 100); do
    answers "$path" && echo "$path" && return
    sleep 0.1
  done
  fail "podman's service did not come up; try: podman system service --time=0 unix:///run/podman/podman.sock"
}

find_engine() {
  local path
  connection=() base=http://localhost
  if [ -z "$socket" ] && [ -n "${DOCKER_HOST:-}" ]; then
    case $DOCKER_HOST in
      unix://*) socket=${DOCKER_HOST#unix://} ;;
      tcp://*) base=http://${DOCKER_HOST#tcp://} && return ;;
      *) fail "DOCKER_HOST: unix:// or tcp:// wanted, is '$DOCKER_HOST'" ;;
    esac
  fi
  if [ -z "$socket" ]; then
    for path in $(candidate_sockets); do
      [ -n "$socket" ] || ! answers "$path" || socket=$path
    done
  fi
  if [ -z "$socket" ] && [ "$engine" != docker ] && command -v podman >/dev/null; then
    socket=$(start_podman)
  fi
  [ -n "$socket" ] || fail "no container engine answers: start Docker, or install Podman (tests/install.sh podman), or give --socket"
  answers "$socket" || fail "$socket: no container engine answers there"
  connection=(--unix-socket "$socket")
}

# An import with a name loses its tag on Podman, so the image is named afterwards, by its id.
load() {
  local name=$1 tarball=$2 hash=$3 query=fromSrc=- change answer id
  if [ -z "$force" ] &&
    [ "$(api "/images/studyctl/$name:1/json" 2>/dev/null | jq -r '.Config.Labels["studyctl.io/recipe"]')" = "$hash" ]; then
    return
  fi
  for change in "${changes[@]}" "LABEL studyctl.io/recipe=$hash"; do
    query+="&changes=$(jq -rn --arg text "$change" '$text | @uri')"
  done
  answer=$(api "/images/create?$query" -X POST -H 'Content-Type: application/x-tar' -H 'Expect:' -T "$tarball") ||
    fail "studyctl/$name:1: the engine did not import $tarball: $answer"
  id=$(jq -rs 'last.status // empty' <<<"$answer")
  [[ $id == sha256:* ]] || fail "studyctl/$name:1: the engine did not import $tarball: $answer"
  api "/images/$id/tag?repo=studyctl/$name&tag=1" -X POST >/dev/null
}

parse_options "$@"
"$here/../tests/install.sh" images
[ -n "$tarball_only" ] || find_engine
for name in "${names[@]}"; do
  inputs=()
  # shellcheck source=/dev/null
  . "$here/$name/recipe.sh"
  hash=$(cat "$here/rootfs.sh" "$here/$name"/* ${inputs[@]+"${inputs[@]}"} | sha256sum | cut -c1-16)
  tarball=$cache/$name-$hash.tar
  [ -z "$force" ] || rm -f "$tarball"
  [ -f "$tarball" ] || make_tarball "$name" "$tarball"
  if [ -n "$tarball_only" ]; then
    echo "$tarball"
  else
    load "$name" "$tarball" "$hash"
    echo "studyctl/$name:1"
  fi
done
