#!/usr/bin/env bash
# Compiles the server side of Kubernetes, and the pause container, from its source: 5 to 8 minutes on two cores.
# usage: tests/testbed/build_kubernetes.sh SOURCE.tar.gz VERSION TARGET
#   TARGET, a directory, gets kube-apiserver, kube-controller-manager, kube-scheduler, kube-proxy, kubelet and pause.
# Called by tests/install.sh kubernetes, which knows the source, installs the compilers and removes TARGET/../work.
set -euo pipefail
source=$(realpath "$1") version=$2 target=$(realpath "$3")
work=$(dirname "$target")/work
tree=$work/gopath/src/k8s.io/kubernetes
mkdir -p "$tree"
tar -xzf "$source" --strip-components=1 -C "$tree"
cd "$tree"
export PATH=/usr/lib/go-1.19/bin:$PATH GOPATH=$work/gopath GOCACHE=$work/cache GO111MODULE=off CGO_ENABLED=0

# The reflect2 that comes with it makes the API server crash on custom resources, built with Go 1.18 or newer.
vendored=vendor/github.com/modern-go/reflect2
rm "$vendored"/*.go "$vendored"/*.s
cp /usr/share/gocode/src/github.com/modern-go/reflect2/*.{go,s} "$vendored/"
rm -f "$vendored"/*_test.go

make generated_files >&2
IFS=. read -r major minor _ <<<"$version"
name=k8s.io/kubernetes/vendor/k8s.io/component-base/version  # where a build without modules finds it
for program in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet; do
  go build -trimpath -o "$target/$program" -ldflags \
    "-s -w -X $name.gitVersion=v$version -X $name.gitMajor=$major -X $name.gitMinor=$minor" "./cmd/$program"
done
gcc -Os -static -o "$target/pause" build/pause/linux/pause.c
