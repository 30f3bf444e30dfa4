#!/usr/bin/env bash
# What a real cluster takes away in the middle of a run: a right, the token, the namespace. It is said in one sentence, nothing
# is started meanwhile and nothing fails, and the run goes on when it is mended.
. "$(dirname "$0")/lib.sh"

namespace=faults-$$
admin=$KUBECONFIG
as_admin() { KUBECONFIG=$admin kubectl "$@"; }
as_admin create namespace "$namespace" >/dev/null
cleanups+=('as_admin delete namespace "$namespace" --wait=false --ignore-not-found')

# Whom the run is: an account with the rules that the README names, and a file with its token.
account() {
  as_admin -n "$namespace" apply -f - >/dev/null <<EOF
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: runs}
rules:
  - {apiGroups: [batch], resources: [jobs], verbs: [create, get, list, delete]}
  - {apiGroups: [""], resources: [pods], verbs: [list, watch, delete]}
  - {apiGroups: [""], resources: [pods/log], verbs: [get]}
  - {apiGroups: [""], resources: [events], verbs: [list]}
EOF
  bind
  wait_until 30 as_admin -n "$namespace" get serviceaccount default
}
bind() { as_admin -n "$namespace" create rolebinding runs --role=runs --serviceaccount="$namespace:default" >/dev/null; }
new_token() { as_admin -n "$namespace" create token default >token; }
account
new_token
as_admin config view --raw -o json | jq --arg file "$work/token" '.users[].user = {tokenFile: $file}' >kubeconfig
chmod 600 kubeconfig token
export KUBECONFIG=$work/kubeconfig

says() { jq -r '.waiting_for[0] // ""' "results/$1/latest/status.json" | grep -qF -- "$2"; }
one_runs() { [ "$(as_admin -n "$namespace" get pods --field-selector status.phase=Running -o name | wc -l)" -ge 1 ]; }
# ended_well STUDY: all of it succeeded, and nothing counts as a failure.
ended_well() {
  expect_code 0 studyctl wait "$1" --timeout 120s
  expect_equal "$(sqlite3 results/studies.db "select count(*) from jobs where study = '$1' and state = 'Succeeded'")" "$points" "experiments that succeeded"
  expect_equal "$(sqlite3 results/studies.db "select count(*) from attempts where state = 'Failed' and counted")" 0 "attempts that count as failures"
  expect_equal "$(grep -rlx 'all said' "results/$1/latest/" --include stdout.log | grep -vc failed)" "$points" "whole logs"
}

# Rights that are taken away and given back, and pending time that does not count meanwhile.
points=6
a_study rights 'sleep 2; echo all said' "engine: kubernetes, parallelism: 2, kubernetes: {namespace: $namespace}"
sed -i 's/timeouts: {/&pending: 8s, /' study.yaml
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 one_runs
as_admin -n "$namespace" delete rolebinding runs >/dev/null
wait_until 40 says rights 'a Role lacks {apiGroups: ['
sleep 10
expect_equal "$(jq -r '.waiting_for | length' results/rights/latest/status.json)" 1 "sentences of what it waits for"
[ "$(jq -r .completed results/rights/latest/status.json)" -lt 6 ] || fail "it never needed what was taken away"
bind
ended_well rights
wait_until 30 eval '[ -z "$(as_admin -n "$namespace" get jobs,pods -o name)" ]'

# An account that is made anew, so that its token is nobody's, and then the new token in the file.
points=14
a_study token 'sleep 2; echo all said' "engine: kubernetes, parallelism: 2, kubernetes: {namespace: $namespace}"
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 one_runs
as_admin -n "$namespace" delete serviceaccount default >/dev/null
wait_until 60 says token '(401): the token may be expired'
wait_until 30 as_admin -n "$namespace" get serviceaccount default
new_token
ended_well token

# A program that gives credentials, as clouds have them: a token that is soon over, then a certificate; a name that the
# server's certificate is of, and a proxy on the way.
cat >give <<EOF
#!/bin/sh
echo "\$KUBERNETES_EXEC_INFO" >>"$work/asked"
[ "\$1 \$REGION" = "for lab" ] || exit 9
[ ! -e "$work/refuses" ] || { echo "log in first" >&2; exit 4; }
cat "$work/given"
EOF
chmod +x give
gives() { jq -n --argjson status "$1" '{apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: $status}' >given; }
over_in() { date -u -d "+$1 seconds" +%FT%TZ; }
account_token() { as_admin -n "$namespace" create token default; }
as_admin config view --raw -o json | jq '.users[].user = {exec: {apiVersion: "client.authentication.k8s.io/v1", command: "./give", args: ["for"],
  env: [{name: "REGION", value: "lab"}], interactiveMode: "Never", provideClusterInfo: true}} | .clusters[].cluster["tls-server-name"] = "kubernetes.default.svc"' >exec.kubeconfig
chmod 600 exec.kubeconfig
export KUBECONFIG=$work/exec.kubeconfig
gives "$(jq -n --arg token "$(account_token)" --arg over "$(over_in 22)" '{token: $token, expirationTimestamp: $over}')"
points=8
a_study given 'sleep 3; echo all said' "engine: kubernetes, parallelism: 2, kubernetes: {namespace: $namespace}"
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 one_runs
expect_equal "$(jq -r '[.kind, .spec.interactive, .spec.cluster."tls-server-name"] | join(" ")' asked | sort -u)" \
  "ExecCredential false kubernetes.default.svc" "what the program is told"
gives "$(as_admin config view --raw -o json | jq '.users[0].user | {clientCertificateData: (.["client-certificate-data"] | @base64d),
  clientKeyData: (.["client-key-data"] | @base64d)}')"
before=$(wc -l <asked)
ended_well given
[ "$(wc -l <asked)" -gt "$before" ] || fail "the program was not asked again before its token was over"
touch refuses
expect_code 5 studyctl apply study.yaml --fresh
expect_said "gives the cluster's credentials, failed: exit code 4: log in first"
rm refuses
sed -i 's/kubernetes.default.svc/somebody.else/' exec.kubeconfig
expect_code 5 studyctl apply study.yaml --fresh
export KUBECONFIG=$work/kubeconfig

# A pod that is taken away while no controller is there, which its Job makes anew: that one is not used, and nothing is mixed.
points=1
# shellcheck disable=SC2016
a_study remade 'echo "said by $STUDY_ATTEMPT"; sleep 25; echo all said' "engine: kubernetes, kubernetes: {namespace: $namespace}"
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 grep -rqs 'said by 1' results/remade/latest/ --include stdout.log
kill -KILL "$(jq -r .pid results/.studyctl/lock)"
first=$(as_admin -n "$namespace" get pods -o name)
as_admin -n "$namespace" delete "$first" --grace-period=1 >/dev/null
# Which its Job makes anew where it does not see that one fail first.
job_failed() { [ -n "$(as_admin -n "$namespace" get jobs -o 'jsonpath={.items[*].status.conditions[?(@.type=="Failed")].status}')" ]; }
one_runs_or_failed() { one_runs || job_failed; }
wait_until 60 one_runs_or_failed
expect_code 0 studyctl apply study.yaml --detach
expect_code 0 studyctl wait remade --timeout 120s
expect_equal "$(sqlite3 results/studies.db "select count(*) || ' ' || sum(counted) from attempts where message like '%taken away while no controller looked%' or reason = 'Lost'")" \
  "1 0" "the attempt whose pod was taken away"
expect_equal "$(cat results/remade/latest/experiments/*/*/cycle-1/attempt-2/stdout.log)" "$(printf 'said by 2\nall said')" "the log of the next attempt"

# A namespace that goes, with a pod that lingers, is away, and is there again.
points=6
a_study away 'sleep 3; echo all said' "engine: kubernetes, parallelism: 2, kubernetes: {namespace: $namespace}"
export KUBECONFIG=$admin
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 one_runs
as_admin -n "$namespace" create configmap keeps --from-literal=a=b >/dev/null
as_admin -n "$namespace" patch configmap keeps --type=merge -p '{"metadata":{"finalizers":["studyctl.test/keeps"]}}' >/dev/null
as_admin delete namespace "$namespace" --wait=false >/dev/null
wait_until 60 says away "namespace $namespace is being deleted: nothing starts until it is there anew"
as_admin -n "$namespace" patch configmap keeps --type=merge -p '{"metadata":{"finalizers":null}}' >/dev/null
wait_until 90 says away "there is no namespace '$namespace'"
as_admin create namespace "$namespace" >/dev/null
ended_well away

# A run that waits for its namespace is stopped at once.
a_study gone 'sleep 3; echo all said' "engine: kubernetes, parallelism: 1, kubernetes: {namespace: $namespace}"
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 one_runs
as_admin delete namespace "$namespace" --wait=false >/dev/null
wait_until 60 says gone "namespace '$namespace'"
expect_code 0 studyctl stop gone
expect_code 3 studyctl wait gone --timeout 60s
