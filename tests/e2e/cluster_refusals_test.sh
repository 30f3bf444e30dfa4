#!/usr/bin/env bash
# What a real cluster does not give: no cluster, an expired token, rights that lack, a namespace that is leaving or not there,
# and no definition of Studies or an older one. One sentence each, and nothing has started.
. "$(dirname "$0")/lib.sh"

namespace=refusals-$$
admin=$KUBECONFIG
pki=$(dirname "$admin")/pki
kubectl create namespace "$namespace" >/dev/null
cleanups+=('export KUBECONFIG=$admin; kubectl delete namespace "$namespace" "$namespace-2" --wait=false --ignore-not-found')
points=2
a_study refused 'true' "engine: kubernetes, kubernetes: {namespace: $namespace}"

# kubeconfig NAME JQ: the administrator's, changed.
kubeconfig() {
  kubectl --kubeconfig "$admin" config view --raw -o json | jq "$2" >"$1.kubeconfig"
  chmod 600 "$1.kubeconfig"
  export KUBECONFIG=$work/$1.kubeconfig
}
refuses() {
  expect_code "$1" studyctl apply study.yaml
  shift
  for text in "$@"; do expect_said "$text"; done
  [ ! -e results/refused ] || [ "$(jobs_in Failed)" = 0 ] || fail "experiments failed"
}

kubeconfig nobody '.clusters[].cluster.server = "https://127.0.0.1:9"'
refuses 5 "https://127.0.0.1:9"

# A token that the cluster's own key signed, and whose time is over.
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d =; }
uid=$(KUBECONFIG=$admin kubectl -n "$namespace" get serviceaccount default -o 'jsonpath={.metadata.uid}')
claims=$(printf '{"alg":"RS256"}' | base64url).$(printf '{"iss":"https://kubernetes.default.svc","aud":["https://kubernetes.default.svc"],
  "exp":1600000000,"iat":1500000000,"nbf":1500000000,"sub":"system:serviceaccount:%s:default",
  "kubernetes.io":{"namespace":"%s","serviceaccount":{"name":"default","uid":"%s"}}}' "$namespace" "$namespace" "$uid" | base64url)
token=$claims.$(printf %s "$claims" | openssl dgst -sha256 -sign "$pki/service-accounts.key" -binary | base64url)
kubeconfig expired ".users[].user = {token: \"$token\"}"
refuses 5 "(401): the token may be expired"

# An account with some of the rights: the rules that lack are named as a Role has them.
KUBECONFIG=$admin kubectl -n "$namespace" create role some --verb=get,list,watch --resource=pods,jobs.batch >/dev/null
KUBECONFIG=$admin kubectl -n "$namespace" create rolebinding some --role=some --serviceaccount="$namespace:default" >/dev/null
kubeconfig poor ".users[].user = {token: \"$(KUBECONFIG=$admin kubectl -n "$namespace" create token default)\"}"
refuses 5 "{apiGroups: [batch], resources: [jobs], verbs: [create, delete]}" '{apiGroups: [""], resources: [pods], verbs: [delete]}' \
  '{apiGroups: [""], resources: [pods/log], verbs: [get]}'
expect_code 5 studyctl serve --operator --listen '' --namespace "$namespace"
expect_said "a Role lacks {apiGroups: [studyctl.io], resources: [studies], verbs: [list]}"

# A namespace that is not there, and one that a finalizer keeps while it goes.
export KUBECONFIG=$admin
a_study refused 'true' "engine: kubernetes, kubernetes: {namespace: $namespace-2}"
refuses 5 "there is no namespace '$namespace-2'"
kubectl create namespace "$namespace-2" >/dev/null
kubectl -n "$namespace-2" create configmap keeps --from-literal=a=b >/dev/null
kubectl -n "$namespace-2" patch configmap keeps --type=merge -p '{"metadata":{"finalizers":["studyctl.test/keeps"]}}' >/dev/null
cleanups=('kubectl -n "$namespace-2" patch configmap keeps --type=merge -p "{\"metadata\":{\"finalizers\":null}}"' "${cleanups[@]}")
kubectl delete namespace "$namespace-2" --wait=false >/dev/null
refuses 5 "namespace $namespace-2 is being deleted"

# A definition of Studies without a status, as an older one has it; and none. Both are the cluster's: the whole of it comes back.
definition=$top/manifests/crd.yaml
# A bed that ended while a namespace was going may have Studies of no namespace: nothing can be patched before it is back.
{ kubectl get studies -A -o json 2>/dev/null || echo '{}'; } | jq -r '.items[]? | "\(.metadata.namespace) study/\(.metadata.name)"' |
  while read -r of study; do
    ! kubectl create namespace "$of" >/dev/null 2>&1 || kubectl delete namespace "$of" --wait=false >/dev/null
    kubectl -n "$of" patch "$study" --type=merge -p '{"metadata":{"finalizers":null}}' >/dev/null || true
  done
cleanups+=('kubectl apply -f "$definition"')
kubectl delete crd studies.studyctl.io --ignore-not-found --timeout=60s >/dev/null
expect_code 8 studyctl serve --operator --listen '' --namespace "$namespace"
expect_said "the cluster knows no Studies: kubectl apply -f manifests/crd.yaml"
kubectl create -f "$definition" --dry-run=client -o json | jq 'del(.spec.versions[].subresources)' | kubectl apply -f - >/dev/null
kubectl wait --for=condition=Established crd/studies.studyctl.io --timeout=30s >/dev/null
wait_until 30 eval 'kubectl get --raw /apis/studyctl.io/v1alpha1 | grep -q studies'
expect_code 6 studyctl serve --operator --listen '' --namespace "$namespace"
expect_said "the cluster's definition of Studies is of another version"
kubectl apply -f "$definition" >/dev/null
