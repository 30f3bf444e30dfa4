#!/usr/bin/env bash
# The chart: what helm finds wrong with it, what it makes (tests/golden/helm; UPDATE_GOLDEN=1 writes it), what it refuses.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
chart=$top/helm/studyctl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
helm() { "${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/kubernetes-1.20.2/helm" "$@"; }
fail() {
  echo "FAILED: $*" >&2
  exit 1
}

helm lint --strict "$chart" >"$work/lint" || { cat "$work/lint" >&2; fail "helm lint"; }
cmp "$top/manifests/crd.yaml" "$chart/crds/crd.yaml" || fail "the chart's definition is not manifests/crd.yaml: copy it"

# makes NAME VALUES...: the chart with these values is the golden of that name.
makes() {
  local golden=$top/tests/golden/helm/$1.yaml
  shift
  helm template demo "$chart" --namespace lab --kube-version 1.29.0 "$@" >"$work/made"
  [ -z "${UPDATE_GOLDEN:-}" ] || cp "$work/made" "$golden"
  diff -u "$golden" "$work/made" || fail "the chart makes something else than $golden"
}
makes default
makes everything --set tokensSecret=tokens,ingress.enabled=true,ingress.host=lab.example,ingress.tlsSecret=lab-tls \
  --set serviceMonitor.enabled=true,serviceMonitor.tokenSecret=viewer,networkPolicy.enabled=true,podDisruptionBudget.enabled=true \
  --set replicas=2,results.existingClaim=shared,extraArgs[0]=--allow-image=registry.example/lab/*

makes carried --set results.accessMode=ReadWriteOnce,networkPolicy.enabled=true,image.pullSecrets[0]=registry

makes all-namespaces --set watch.allNamespaces=true,networkPolicy.enabled=true
makes namespaces --set watch.namespaces[0]=team-a,watch.namespaces[1]=team-b --set results.accessMode=ReadWriteOnce

# refuses TEXT VALUES...
refuses() {
  local text=$1
  shift
  ! helm template demo "$chart" "$@" >"$work/out" 2>&1 || fail "it took $*"
  grep -qF -- "$text" "$work/out" || { cat "$work/out" >&2; fail "nowhere was said: $text"; }
}
refuses "watch: allNamespaces has those" --set watch.allNamespaces=true,watch.namespaces[0]=team-a
refuses namespaces --set watch.namespaces[0]=Team_A
refuses replicsa --set replicsa=2
refuses "ingress.enabled: wants tokensSecret" --set ingress.enabled=true,ingress.host=a
refuses "ingress.host: which name" --set ingress.enabled=true,tokensSecret=a
refuses "wants serviceMonitor.tokenSecret" --set serviceMonitor.enabled=true
refuses "wants results.accessMode: ReadWriteMany" --set replicas=2,results.accessMode=ReadWriteOnce
refuses carry.address --set carry.address=controller.example
refuses shared --set results.shared=maybe
refuses size --set results.size=much
