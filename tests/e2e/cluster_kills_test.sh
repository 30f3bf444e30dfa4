#!/usr/bin/env bash
# A hundred experiments on two devices of a real cluster, by an operator in a pod of the chart: its pod is taken away 20
# times, the API server dies, the kubelet hangs, a pod is evicted, a quota is full. All of them succeed, each exactly once.
# FROZEN=12 says how long the kubelet hangs, in seconds.
. "$(dirname "$0")/lib.sh"
. "$top/tests/e2e/chart.sh"
cleanups+=('bed thaw')

install_chart
PATH=$programs:$PATH "$top/tests/e2e/device_pods.py" "$KUBECONFIG" "$namespace" nvidia.com/gpu device_pods &
cleanups+=("kill $!")
wait_until 10 test -s device_pods

# Most are short; now and then one is long enough to be on when something dies. Who is told to end does so at once.
points=100
# shellcheck disable=SC2016
a_study kills 'trap "exit 3" TERM; n=$STUDY_PARAM_I; case $n in *0) s=6 ;; *) s=1 ;; esac; sleep $s & wait $!; echo "done $n"; echo "{\"i\": $n}" >"$STUDY_RESULTS/out.json"' \
  'parallelism: 8'
sed -i 's|image: studyctl/tiny:1|&\n          resources: {limits: {nvidia.com/gpu: 1}}|' study.yaml
expect_code 0 kubectl apply -f study.yaml
wait_until 60 is kills state Running

# Told to go, it hands over; killed, it leaves a Lease that must grow old first.
delete_controller() { kubectl delete pod "$(controller_pod)" --wait=false >/dev/null; }
kill_controller() {
  local pod id
  pod=$(controller_pod)
  id=$(kubectl get pod "$pod" -o 'jsonpath={.status.containerStatuses[0].containerID}')
  [ -z "$id" ] || curl -fsS -X POST --unix-socket "${bed_docker#unix://}" "http://localhost/v1.41/containers/${id#docker://}/kill?signal=KILL" >/dev/null
  kubectl delete pod "$pod" --grace-period=0 --force >/dev/null 2>&1
}

freeze_node() {
  bed freeze
  sleep "${FROZEN:-12}"
  bed thaw
}
# One of the long ones, which has just begun: should it have an end of its own all the same, another one is evicted.
interrupted() { grep -c '"reason":"Interrupted"' results/kills/latest/progress.jsonl || true; }
evict_one() {
  local pod before
  before=$(interrupted)
  pod=$(kubectl get pods -l studyctl.io/attempt --field-selector status.phase=Running -o json |
    jq -r '[.items[] | select(.metadata.deletionTimestamp == null and now - (.status.containerStatuses[0].state.running.startedAt | fromdate) < 3) |
      select(any(.spec.containers[0].env[]; .name == "STUDY_PARAM_I" and (.value | endswith("0"))))] | first.metadata.name // empty')
  [ -n "$pod" ] || return 1
  kubectl create --raw "/api/v1/namespaces/$namespace/pods/$pod/eviction" -f - <<EOF || return 1
{"apiVersion": "policy/v1beta1", "kind": "Eviction", "metadata": {"name": "$pod", "namespace": "$namespace"}}
EOF
  for _ in $(seq 20); do
    [ "$(interrupted)" = "$before" ] || return 0
    sleep 0.5
  done
  return 1
}
refused_by_quota() { grep -qF "exceeded quota" results/kills/latest/status.json; }
fill_quota() {
  kubectl create quota full --hard=count/jobs.batch=0 >/dev/null
  wait_until 60 refused_by_quota
  kubectl delete quota full >/dev/null
}

for round in $(seq 20); do
  if [ $((round % 3)) = 0 ]; then kill_controller; else delete_controller; fi
  case $round in
    4) bed kill && bed up >/dev/null ;;
    7) freeze_node ;;
    13) bed kill && bed up >/dev/null ;;
  esac
  wait_until 90 leads_now
  [ "$round" != 16 ] || fill_quota
  sleep 1.5
done
wait_until 90 evict_one
kubectl wait --for=condition=Complete study/kills --timeout=240s >/dev/null || fail "never complete: $(kubectl get study kills -o yaml)"

is kills done 100/100 || fail "done: $(field kills done)"
is kills failed 0 || fail "failed: $(field kills failed)"
wait_until 30 eval '[ -z "$(kubectl get jobs,pods -l studyctl.io/attempt -o name)" ]'
succeeded_once kills 100
expect_equal "$(find results/kills/latest/ -path '*/attempt-[0-9]/out.json' -o -path '*/attempt-[0-9][0-9]/out.json' | wc -l)" 100 "results that came home"
expect_equal "$(awk '$2 > most { most = $2 } END { print most }' device_pods)" 2 "the most device pods at once"
[ "$(sqlite3 -readonly results/studies.db "select count(*) from attempts where reason = 'Interrupted' and message like '%its pod%'")" -ge 1 ] ||
  fail "no attempt was cut off by its eviction"
echo "$(sqlite3 -readonly results/studies.db "select count(*) from attempts where state != 'Succeeded'") attempts were cut off by others, in $SECONDS s"
