# Sourced behind lib.sh by the tests of Studies that are objects of a cluster: a namespace of their own, in which nothing
# holds an object once they have ended.
# shellcheck shell=bash disable=SC2034,SC2154,SC2016

programs=${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/kubernetes-1.20.2
namespace=$(basename "$0" _test.sh | tr _ -)-$$
kubectl() { "$programs/kubectl" -n "$namespace" "$@"; }
kubectl create namespace "$namespace" >/dev/null
cleanups+=('for study in $(kubectl get studies -o name); do kubectl patch "$study" --type=merge -p "{\"metadata\":{\"finalizers\":null}}"; done'
  'kubectl delete namespace "$namespace" --wait=false' 'kubectl delete persistentvolume "$namespace" --wait=false')

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
