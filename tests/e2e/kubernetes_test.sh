#!/usr/bin/env bash
# A study on a real cluster, whose node sees the results volume: all of it, what fails, a stop, a controller that is killed.
. "$(dirname "$0")/lib.sh"

points=10
# shellcheck disable=SC2016
a_study cluster 'echo "said $STUDY_PARAM_I"; echo "{\"i\": $STUDY_PARAM_I}" >/results/out.json' 'engine: kubernetes, parallelism: 4'
expect_code 0 studyctl apply study.yaml
expect_equal "$(jobs_in Succeeded)" 10 "experiments that succeeded"
expect_equal "$(find results/cluster -name out.json | wc -l)" 10 "results that came home"
expect_equal "$(studyctl logs cluster -l i=7 | grep -c 'said 7')" 1 "lines of a log"
expect_equal "$(studyctl get runs -o json | jq -r '.items[0].engine')" kubernetes "the run's engine"
expect_equal "$(things_left)" 0 "Jobs and pods that are left"

# What fails is told as anywhere; what cannot be pulled is said before the study waits for ever.
points=2
# shellcheck disable=SC2016
a_study failing 'exit 3' 'parallelism: 2'
expect_code 1 studyctl apply study.yaml --engine kubernetes
expect_equal "$(jobs_in Failed)" 2 "experiments that failed"
expect_said "exit code 3"

# Whoever stops it is obeyed, and nothing stays.
points=3
a_study stopped 'echo up; sleep 300' 'engine: kubernetes, parallelism: 2'
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 grep -rqs up results/stopped/latest --include stdout.log
expect_code 0 studyctl cancel stopped
expect_code 3 studyctl wait stopped --timeout 60s
expect_equal "$(things_left)" 0 "Jobs and pods after a cancel"

# A pod that somebody else deletes is followed by another one, also where what runs in it ends in order.
points=1
# shellcheck disable=SC2016
a_study evicted '[ "$STUDY_ATTEMPT" != 1 ] || { trap "exit 3" TERM; echo up; sleep 300 & wait; }' \
  'engine: kubernetes, retry: {limit: 1, backoff: {initial: 1s}}'
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 grep -rqs up results/evicted/latest --include stdout.log
kubectl delete pod -l studyctl.io/attempt --wait=false >/dev/null
expect_code 0 studyctl wait evicted --timeout 60s
expect_equal "$(sqlite3 results/studies.db "select reason || ' ' || counted || ' ' || message from attempts where state != 'Succeeded' and reason = 'Interrupted'")" \
  "Interrupted 0 somebody else deleted its pod, and it ended with code 3" "the attempt whose pod was deleted"

# A controller that was killed goes on with what runs.
points=4
a_study killed 'sleep 6; echo done' 'engine: kubernetes, parallelism: 2'
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 running_pods 2
controller=$(jq -r .pid results/.studyctl/lock)
kill -KILL "$controller"
wait_until 10 eval '! kill -0 "$controller"'
expect_code 0 studyctl apply study.yaml
expect_equal "$(jobs_in Succeeded)" 15 "experiments that succeeded, of all studies"
expect_equal "$(grep -rl done results/killed --include stdout.log | wc -l)" 4 "whole logs"
expect_equal "$(find results/killed -name 'attempt-2*' | wc -l)" 0 "attempts that were made again instead of adopted"
expect_equal "$(things_left)" 0 "Jobs and pods that are left"

# What has no room waits, says for what, and fails for nothing: on no node, and in a quota.
waits_for() { jq -r '.current[].message' "results/$1/latest/status.json" | grep -qF "$2"; }
space=waiting-$$
kubectl create namespace "$space" >/dev/null
cleanups+=('kubectl delete namespace "$space" --wait=false')
kubectl -n "$space" run hog --image=studyctl/tiny:1 --image-pull-policy=IfNotPresent --restart=Never --overrides='{"spec":{"containers":[{"name":"hog",
  "image":"studyctl/tiny:1","command":["sleep","300"],"resources":{"limits":{"nvidia.com/gpu":"2"}}}],"terminationGracePeriodSeconds":0}}' >/dev/null
points=1
a_study crowded 'true' "engine: kubernetes, kubernetes: {namespace: $space}"
sed -i 's|image: studyctl/tiny:1|&\n          resources: {limits: {nvidia.com/gpu: 1}}|' study.yaml
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 waits_for crowded "Insufficient nvidia.com/gpu"
kubectl -n "$space" delete pod hog --wait=false >/dev/null
expect_code 0 studyctl wait crowded --timeout 60s
kubectl -n "$space" create quota one --hard=count/jobs.batch=1 >/dev/null
wait_until 30 eval '[ "$(kubectl -n "$space" get quota one -o "jsonpath={.status.hard}")" ]'
points=2
a_study quota 'sleep 3' "engine: kubernetes, parallelism: 2, kubernetes: {namespace: $space}"
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 waits_for quota "exceeded quota"
expect_code 0 studyctl wait quota --timeout 90s
expect_equal "$(find results/crowded results/quota -name 'attempt-2*' | wc -l)" 0 "attempts that failed for want of room"

# What of a pod only a cluster knows reaches it: where it may run, as whom, in which groups.
points=1
a_study placed 'id -G; ! [ -e /var/run/secrets/kubernetes.io/serviceaccount/token ] || echo has a token; sleep 4' "engine: kubernetes, kubernetes: {namespace: $space}"
host=$(kubectl get nodes -o json | jq -r '.items[0].metadata.labels["kubernetes.io/hostname"]')
sed -i "s|^      containers:|      nodeSelector: {kubernetes.io/hostname: $host}\n      tolerations: [{key: gpu, operator: Exists}]\n      serviceAccountName: default\n      securityContext: {supplementalGroups: [4711]}\n&|
  s|^  template:|&\n    metadata: {annotations: {cluster-autoscaler.kubernetes.io/safe-to-evict: \"false\"}}|" study.yaml
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 eval '[ "$(kubectl -n "$space" get pods -o name | wc -l)" = 1 ]'
expect_equal "$(kubectl -n "$space" get pods -o json | jq -r '.items[0] | [.spec.serviceAccountName, .metadata.annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"],
  (.spec.tolerations | map(.key) | index("gpu") != null | tostring), .spec.nodeSelector["kubernetes.io/hostname"]] | join(" ")')" "default false true $host" "the pod that the cluster has"
expect_code 0 studyctl wait placed --timeout 60s
expect_equal "$(studyctl logs placed | grep -cE '4711|has a token')" 2 "lines of a pod with another group and a token"
a_study unplaced 'true' "engine: kubernetes, kubernetes: {namespace: $space}"
sed -i 's|^      containers:|      nodeSelector: {made-of: cheese}\n&|' study.yaml
expect_code 0 studyctl apply study.yaml --detach
wait_until 60 waits_for unplaced "nodes are available"
expect_code 0 studyctl cancel unplaced
expect_code 3 studyctl wait unplaced --timeout 60s

# What a node alone can see to is refused, not forgotten.
a_study cold 'true' 'engine: kubernetes, coldStart: true'
expect_code 4 studyctl apply study.yaml
expect_said "spec.execution.coldStart: engine kubernetes cannot see to it"

# One sentence for what cannot be.
a_study nowhere 'true' 'engine: kubernetes'
KUBECONFIG=$work/none expect_code 8 studyctl apply study.yaml
expect_said "there is no kubeconfig"
expect_code 8 studyctl apply study.yaml --set execution.kubernetes.context=moon
expect_said "there is no context 'moon'"
