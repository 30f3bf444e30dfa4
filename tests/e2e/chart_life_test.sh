#!/usr/bin/env bash
# The chart on a real cluster: installed, changed while a run is on, taken away, and installed again on what it left.
. "$(dirname "$0")/lib.sh"
. "$top/tests/e2e/chart.sh"

install_chart

# The pod has no more than the chart says: as the node's engine knows its container.
container() { kubectl get pod "$(controller_pod)" -o 'jsonpath={.status.containerStatuses[0].containerID}'; }
wait_until 30 eval '[ -n "$(container)" ]'
id=$(container)
curl -fsS --unix-socket "${bed_docker#unix://}" "http://localhost/v1.41/containers/${id#docker://}/json" >container.json
expect_equal "$(jq -r '.Config.User | split(":")[0]' container.json)" 65532 "who it runs as"
expect_equal "$(jq -c '[.HostConfig | .ReadonlyRootfs, .Privileged, .CapDrop, .CapAdd]' container.json)" '[true,false,["ALL"],null]' "its root and its capabilities"
jq -r '.HostConfig.SecurityOpt[]' container.json | grep -q no-new-privileges || fail "it may get privileges"

# An upgrade takes its pod away: the run goes on with the next one, and nothing runs twice.
points=12
# shellcheck disable=SC2016
a_study life 'sleep 4; echo "done $STUDY_PARAM_I"' 'parallelism: 4'
kubectl apply -f study.yaml >/dev/null
wait_until 60 is life state Running
wait_until 60 eval 'kubectl get pods -l studyctl.io/attempt --field-selector status.phase=Running -o name | grep -q .'
before=$(controller_pod)
expect_code 0 helm upgrade "$release" "$top/helm/studyctl" --set podAnnotations.round=two
wait_until 60 leads_now
[ "$(controller_pod)" != "$before" ] || fail "the upgrade left the pod as it was"
is life state Running || fail "the run was over before the upgrade: $(field life state)"
wait_until 120 is life state Completed
succeeded_once life 12
expect_equal "$(find results/life/ -name 'attempt-2*' | wc -l)" 0 "attempts that were made again"
expect_equal "$(find results -maxdepth 2 -mindepth 2 -path 'results/life/2*' | wc -l)" 1 "runs"

# As its notes say: Studies first, whose runs are cancelled; then the chart, which leaves the claim and the definition.
helm get notes "$release" | grep -qF "delete studies --all" || fail "the notes do not say what goes first"
points=4
a_study long 'echo up; sleep 300' 'parallelism: 2'
kubectl apply -f study.yaml >/dev/null
wait_until 60 grep -rqs up results/long/latest/ --include stdout.log
expect_code 0 kubectl delete studies --all --timeout=60s
expect_code 0 helm uninstall "$release"
wait_until 60 eval '[ -z "$(controller_pod)" ]'
expect_equal "$(kubectl get deployments,roles,rolebindings,jobs -o name)" "" "what is left in the namespace"
expect_equal "$(kubectl get serviceaccounts -o name)" serviceaccount/default "accounts that are left"
! kubectl get clusterrole "$namespace-$release-nodes" >/dev/null 2>&1 || fail "its ClusterRole is left"
expect_equal "$(kubectl get pvc "$release-results" -o 'jsonpath={.status.phase}')" Bound "the claim"
kubectl get crd studies.studyctl.io >/dev/null || fail "the definition of Studies went"

# Installed again, it has the claim, and what is done there is done.
install_chart
points=12
# shellcheck disable=SC2016
a_study life 'sleep 4; echo "done $STUDY_PARAM_I"' 'parallelism: 4'
kubectl apply -f study.yaml >/dev/null
wait_until 60 is life state Completed
expect_equal "$(find results/life/ -name stdout.log | wc -l)" 12 "attempts of all time"

# Two of it: one acts, the other stands by, and is ready too, so that a rollout ends; services lead to the one that acts.
studyctl token ann >tokens 2>/dev/null
kubectl create secret generic tokens --from-file=tokens >/dev/null
expect_code 0 helm upgrade "$release" "$top/helm/studyctl" --set replicas=2,tokensSecret=tokens --wait --timeout 120s
acting() { kubectl get lease studyctl -o 'jsonpath={.spec.holderIdentity}' | sed 's/_.*//'; }
led_to() { kubectl get endpoints "$release" -o 'jsonpath={.subsets[*].addresses[*].targetRef.name}'; }
leads_to_acting() { [ -n "$(led_to)" ] && [ "$(led_to)" = "$(acting)" ]; }
expect_code 0 kubectl rollout status deployment "$release" --timeout=60s
expect_equal "$(kubectl get deployment "$release" -o 'jsonpath={.status.readyReplicas}')" 2 "replicas that are ready"
wait_until 30 leads_to_acting
before=$(acting)
kubectl delete pod "$before" --grace-period=0 --force >/dev/null 2>&1
wait_until 60 eval '[ "$(acting)" != "$before" ] && leads_to_acting'
expect_code 0 kubectl rollout status deployment "$release" --timeout=60s
points=2
a_study after 'echo done'
kubectl apply -f study.yaml >/dev/null
wait_until 60 is after state Completed
