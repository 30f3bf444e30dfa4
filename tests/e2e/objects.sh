# Sourced behind lib.sh by the tests of Studies that are objects of a cluster: a namespace of their own, in which nothing
# holds an object once they have ended.
# shellcheck shell=bash disable=SC2034,SC2154,SC2016

programs=${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/kubernetes-1.20.2
namespace=$(basename "$0" _test.sh | tr _ -)-$$
kubectl() { "$programs/kubectl" -n "$namespace" "$@"; }
kubectl create namespace "$namespace" >/dev/null
# remove_namespace NAME: with the Studies in it. Each is deleted before its finalizer goes: an operator that still runs cannot
# put one back then, which would keep the namespace for ever.
remove_namespace() {
  local study
  kubectl -n "$1" delete studies --all --wait=false
  for study in $(kubectl -n "$1" get studies -o name); do kubectl -n "$1" patch "$study" --type=merge -p '{"metadata":{"finalizers":null}}'; done
  kubectl delete namespace "$1" --wait=false
}
cleanups+=('remove_namespace "$namespace"' 'kubectl delete persistentvolume "$namespace" --wait=false')

# results_volume CLAIM: what the node sees as results/, pods get by this claim.
results_volume() {
  kubectl apply -f - >/dev/null <<EOF
apiVersion: v1
kind: PersistentVolume
metadata: {name: $namespace}
spec:
  capacity: {storage: 20Gi}
  accessModes: [ReadWriteMany, ReadWriteOnce]
  hostPath: {path: $work/results}
  claimRef: {namespace: $namespace, name: $1}
EOF
}
field() { kubectl get study "$1" -o "jsonpath={.status.$2}"; }
is() { [ "$(field "$1" "$2")" = "$3" ]; }
