#!/usr/bin/env bash
# Studies that are objects of a real cluster: applied, watched, changed, deleted, refused, and an operator that is killed.
. "$(dirname "$0")/lib.sh"
. "$top/tests/e2e/objects.sh"

export STUDYCTL_RESULTS=$work/results STUDYCTL_NAMESPACE=$namespace
kubectl apply -f "$top/manifests/crd.yaml" >/dev/null
kubectl wait --for=condition=Established crd/studies.studyctl.io --timeout=30s >/dev/null
results_volume results
kubectl apply -f - >/dev/null <<EOF
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: results}
spec: {accessModes: [ReadWriteMany], storageClassName: "", volumeName: $namespace, resources: {requests: {storage: 1Gi}}}
EOF
export STUDYCTL_RESULTS_CLAIM=results

# They have the rights that the chart gives, and no others.
"$programs/helm" template op "$top/helm/studyctl" --namespace "$namespace" \
  --show-only templates/rbac.yaml | kubectl apply -f - >/dev/null
cleanups+=('kubectl delete clusterrole,clusterrolebinding "$namespace-op-nodes"')
kubectl config view --raw -o json |
  jq --arg token "$(kubectl create token op --duration=1h)" '.users[].user = {token: $token}' >operator.kubeconfig

# operator NAME [DIRECTORY]: starts one; its process is $NAME_pid, what it says is in NAME.log.
operator() {
  KUBECONFIG=$work/operator.kubeconfig studyctl --results "${2:-$STUDYCTL_RESULTS}" serve --operator --listen '' 2>>"$work/$1.log" &
  printf -v "$1_pid" %s $!
  cleanups+=("kill -KILL $!")
}
leads() { kubectl get lease studyctl -o 'jsonpath={.spec.holderIdentity}' | grep -q .; }
jobs_of() { kubectl get jobs -o name | wc -l; }
is_gone() { ! kubectl get study "$1"; }

operator first
wait_until 30 grep -q 'and the Studies of namespace' first.log

# The same file as for studyctl apply.
points=4
# shellcheck disable=SC2016
a_study water 'sleep 1; echo "said $STUDY_PARAM_I"' 'parallelism: 2'
expect_code 0 kubectl apply -f study.yaml
wait_until 60 is water state Running
wait_until 30 eval 'kubectl get pods -o json | jq -e "[.items[].spec.volumes[]] | any(.persistentVolumeClaim.claimName == \"results\") and all(.hostPath == null)"'
kubectl wait --for=condition=Complete study/water --timeout=120s >/dev/null || fail "never complete: $(kubectl get study water -o yaml)"
expect_code 0 kubectl get study water
expect_said STATE
expect_equal "$(kubectl get study water --no-headers | awk '{print $2, $3, $4}')" "Completed 4/4 0" "what kubectl shows"
expect_equal "$(field water observedGeneration)" "$(kubectl get study water -o 'jsonpath={.metadata.generation}')" "the generation"
expect_equal "$(jobs_in Succeeded)" 4 "experiments that succeeded"
kubectl get events --field-selector involvedObject.name=water -o 'jsonpath={.items[*].reason}' >reasons
for reason in Created Running Completed; do grep -qw "$reason" reasons || fail "no event $reason: $(cat reasons)"; done

# An edit is an apply: what is new runs, what is done stays.
points=6
# shellcheck disable=SC2016
a_study water 'sleep 1; echo "said $STUDY_PARAM_I"' 'parallelism: 2'
kubectl apply -f study.yaml >/dev/null
wait_until 60 is water done 6/6
wait_until 30 is water state Completed
expect_equal "$(find results/water/latest/ -name stdout.log | wc -l)" 2 "experiments that the edit ran"

# A name that is unknown, and a file by its path: one sentence each, in the object.
sed -e 's/name: water/name: bad/' -e 's/parallelism:/paralelism:/' study.yaml | kubectl apply -f - >/dev/null
wait_until 30 is bad state Refused
field bad message | grep -qF "spec.execution.paralelism: unknown" || fail "said: $(field bad message)"
is bad 'conditions[?(@.type=="Accepted")].status' False || fail "it is not said to be refused"
sed -e 's/name: water/name: paths/' -e 's/  sweep:/  experimentsFrom: {csv: {path: points.csv}}\n  sweep:/' study.yaml | kubectl apply -f - >/dev/null
wait_until 30 is paths state Refused
field paths message | grep -qF "an object of a cluster has no directory of files" || fail "said: $(field paths message)"
sed -e 's/name: water/name: elsewhere/' -e 's/parallelism: 2/kubernetes: {namespace: kube-system}/' study.yaml | kubectl apply -f - >/dev/null
wait_until 30 is elsewhere state Refused
# What the cluster itself has against a template.
sed -e 's/name: water/name: nowhere/' -e 's/      containers:/      dnsPolicy: Nowhere\n&/' study.yaml | kubectl apply -f - >/dev/null
wait_until 30 is nowhere state Refused
field nowhere message | grep -qF 'spec.template.spec.dnsPolicy: Unsupported value: "Nowhere"' || fail "said: $(field nowhere message)"
is nowhere 'conditions[?(@.type=="Accepted")].reason' Invalid || fail "it is not said to be invalid"
kubectl delete study bad paths elsewhere nowhere --timeout=30s >/dev/null
# Mended, it runs.
sed -e 's/name: water/name: bad/' -e 's/parallelism:/paralelism:/' study.yaml | kubectl apply -f - >/dev/null
wait_until 30 is bad state Refused
sed -e 's/name: water/name: bad/' study.yaml | kubectl apply -f - >/dev/null
wait_until 90 is bad state Completed

# Files come in ConfigMaps: as they are made by hand, and as studyctl writes them.
printf 'k,name\n1,one\n2,two\n' >points.csv
mkdir texts && echo "text of two" >texts/two && echo "text of one" >texts/one
by_file='  experimentsFrom: {csv: {path: points.csv}}'
kubectl create configmap points --from-file=points.csv >/dev/null
sed -e 's/{name: water}/{name: by-hand, annotations: {studyctl.io\/inputs: points}}/' -e "s/  sweep:/$by_file\n  sweep:/" -e 's/to: 6/to: 1/' study.yaml >by-hand.yaml
expect_code 0 kubectl apply -f by-hand.yaml
wait_until 60 is by-hand state Completed
expect_equal "$(field by-hand done)" 2/2 "experiments of a file in a ConfigMap"
sed -e 's/{name: water}/{name: rendered}/' -e "s/  sweep:/$by_file\n  sweep:/" -e 's/to: 6/to: 1/' \
  -e 's/^          command:.*/          command: [cat, \/study\/text]/' -e '/^  execution/i\  files: {text: {fromFile: "texts\/${params.name}"}}' study.yaml >by-path.yaml
expect_code 0 studyctl render by-path.yaml
kubectl apply -f out >/dev/null
wait_until 60 is rendered state Completed
expect_equal "$(find results/rendered/latest/ -name stdout.log -exec cat {} + | sort | tr '\n' ,)" "text of one,text of two," \
  "what the files said"

# What is in a file is taken up when it is rendered again, though the Study's spec is what it was.
echo "another text of two" >texts/two && printf 'k,name\n1,one\n2,two\n3,two\n' >points.csv
expect_code 0 studyctl render by-path.yaml
kubectl apply -f out >/dev/null
wait_until 60 is rendered done 3/3
expect_equal "$(kubectl get study rendered -o 'jsonpath={.metadata.generation}')" 1 "generations of a Study whose spec stayed"
wait_until 60 is rendered state Completed
expect_equal "$(find results/rendered/latest/ -name stdout.log -exec cat {} + | grep -c 'another text of two')" 2 "experiments with the other text"

# A Secret and a ConfigMap are the cluster's own.
kubectl create secret generic token --from-literal=key=s3cret >/dev/null
sed -e 's/name: water/name: secretive/' -e 's/to: 6/to: 1/' \
  -e 's/^          command:.*/          command: [sh, -c, "echo got $TOKEN $WORD"]\n          env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: token, key: key}}}, {name: WORD, valueFrom: {configMapKeyRef: {name: words, key: word}}}]/' study.yaml >secretive.yaml
kubectl apply -f secretive.yaml >/dev/null
wait_until 30 is secretive state Refused
field secretive message | grep -qF "words" || fail "said: $(field secretive message)"
kubectl create configmap words --from-literal=word=hello >/dev/null
kubectl patch study secretive --type=merge -p '{"spec":{"execution":{"parallelism":1}}}' >/dev/null
wait_until 60 is secretive state Completed
grep -rq "got s3cret hello" results/secretive/latest/ || fail "the workload did not get them"

# What is deleted is cancelled first, and then gone.
points=3
a_study long 'echo up; sleep 300' 'parallelism: 2'
kubectl apply -f study.yaml >/dev/null
wait_until 60 grep -rqs up results/long/latest/ --include stdout.log
kubectl delete study long --timeout=60s >/dev/null || fail "it was not let go"
expect_equal "$(studyctl get runs long -o json | jq -r '.items[0].state')" Cancelled "the run of what was deleted"
wait_until 30 [ "$(jobs_of)" = 0 ]

# An operator that is killed: the next one goes on with what runs, within 15 s, and runs nothing twice.
points=4
a_study killed 'sleep 12; echo done' 'parallelism: 2'
kubectl apply -f study.yaml >/dev/null
wait_until 60 grep -rqs killed results/killed/latest/status.json
wait_until 60 running_pods 2
probe=http://127.0.0.1:$((20000 + $$ % 10000))
STUDYCTL_PROBE_LISTEN=${probe#http://} operator second
wait_until 30 grep -q 'waits for' second.log
curl -fsS "$probe/healthz" | grep -q 'ok: waits for' || fail "a probe of who waits said: $(curl -sS "$probe/healthz")"
expect_equal "$(curl -s -o /dev/null -w '%{http_code}' "$probe/readyz")" 503 "whether who waits is ready"
kill -KILL "$first_pid"
begun=$SECONDS
wait_until 30 grep -q 'leads: it holds' second.log
wait_until 30 grep -q 'and the Studies of namespace' second.log
[ $((SECONDS - begun)) -le 16 ] || fail "it took $((SECONDS - begun)) s to take over"
expect_equal "$(curl -sS "$probe/readyz")" "ok: acts" "whether who acts is ready"
wait_until 90 is killed state Completed
is killed done 4/4 || fail "done: $(field killed done)"
expect_equal "$(find results/killed -name 'attempt-2*' | wc -l)" 0 "attempts that were made again instead of adopted"
expect_equal "$(grep -rl done results/killed --include stdout.log | wc -l)" 4 "whole logs"

# What is deleted while nobody acts goes when somebody does; who ends in order lets the next one lead at once.
a_study late 'echo up; sleep 300' 'parallelism: 2'
kubectl apply -f study.yaml >/dev/null
wait_until 60 grep -rqs up results/late/latest/ --include stdout.log
kill -TERM "$second_pid"
wait "$second_pid" || fail "it ended with code $?"
kubectl delete study late --wait=false >/dev/null
operator third
wait_until 8 grep -q 'leads: it holds' third.log
wait_until 60 is_gone late
wait_until 30 [ "$(jobs_of)" = 0 ]
expect_equal "$(studyctl get runs late -o json | jq -r '.items[0].state')" Cancelled "the run of what was deleted meanwhile"

# Without the definition, a sentence.
expect_code 4 studyctl serve --namespace x --results-claim ""
expect_said "take --operator"
