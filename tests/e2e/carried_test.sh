#!/usr/bin/env bash
# Results that no node sees: files are carried to pods and back, by a controller outside of the cluster and by one in it,
# which die at the worst moments; and what a workload could send instead of its results.
. "$(dirname "$0")/lib.sh"
. "$top/tests/e2e/chart.sh"

# The node reaches the pods, and they this machine, by no name: relay.py stands where a Service would.
gateway=$(curl -fsS --unix-socket "${bed_docker#unix://}" http://localhost/networks/bridge | jq -r '.IPAM.Config[0].Gateway')
: >target
"$top/tests/e2e/relay.py" "$gateway" target relay_port &
cleanups+=("kill $!")
wait_until 10 test -s relay_port
address=http://$gateway:$(cat relay_port)

carried="--carry-address $address --carry-listen 127.0.0.1:0"
# carried_study NAME SCRIPT EXECUTION: outside of the cluster.
carried_study() {
  a_study "$1" "$2" "engine: kubernetes, kubernetes: {namespace: $namespace}, $3"
}
# The port that the controller has taken, told to the relay.
lead_there() {
  local port
  port=$(ss -Hltnp | grep "pid=$(jq -r .pid results/.studyctl/lock)," | grep -o '127.0.0.1:[0-9]*' | head -1)
  [ -n "$port" ] && echo "$port" >target
}
of_attempts() { find "results/$1/latest/" -path "*/attempt-[0-9]/$2" | wc -l; }

# ---- a controller outside, which dies while results come in ----
points=3
# shellcheck disable=SC2016
carried_study outside 'cat /study/params.json >/results/params; head -c 150000000 /dev/urandom >/results/large; sha256sum </results/large;
  mkdir /results/deep; echo $STUDY_PARAM_I >/results/deep/i; ln -s deep/i /results/newest; ln -s /etc /results/away' 'parallelism: 3'
# shellcheck disable=SC2086
expect_code 0 studyctl apply study.yaml --detach $carried
wait_until 20 lead_there
is_coming() { find results/.studyctl/carry -name out.tar -size +1M | grep -q .; }
wait_until 60 is_coming
kill -KILL "$(jq -r .pid results/.studyctl/lock)"
: >target
sleep 1
# shellcheck disable=SC2086
expect_code 0 studyctl apply study.yaml --detach $carried
wait_until 20 lead_there
expect_code 0 studyctl wait outside --timeout 90s
expect_equal "$(of_attempts outside deep/i)" 3 "results that came home"
expect_equal "$(find results/outside/latest/ -name 'attempt-2*' | wc -l)" 0 "attempts that were made again"
for attempt in results/outside/latest/experiments/*/*/cycle-1/attempt-1; do
  grep -qF "$(sha256sum <"$attempt/large")" "$attempt/stdout.log" || fail "$attempt/large is not what was written"
  cmp "$attempt/params" "$attempt/study/params.json" || fail "its parameters were not there"
  expect_equal "$(readlink "$attempt/newest")" deep/i "a link within its directory"
  [ ! -e "$attempt/away" ] || fail "a link that leads out came home"
done
jq -r '.warnings[]' results/outside/latest/experiments/*/*/cycle-1/attempt-1/attempt.json | grep -qF "left out away: is a link that leads out" ||
  fail "nowhere was said what was left out"
nothing_under_way() { [ "$(find results/.studyctl/carry -mindepth 1 | wc -l)" = 0 ]; }
wait_until 15 nothing_under_way
has_left() { ! kill -0 "$(jq -r .pid results/.studyctl/lock)" 2>/dev/null; }
wait_until 30 has_left

# ---- what is told to end has its last words carried, and what writes instead of them is refused ----
points=1
# shellcheck disable=SC2016
carried_study late 'trap "sleep 1; echo late >/results/late; exit 3" TERM; echo up >/results/early; echo up; sleep 300 & wait' 'parallelism: 1'
sed -i 's/run: 2m/run: 6s/; s/grace: 2s/grace: 8s/' study.yaml
# shellcheck disable=SC2086
expect_code 0 studyctl apply study.yaml --detach $carried
wait_until 20 lead_there
wait_until 30 grep -rqs up results/late/latest --include stdout.log
pod=$(kubectl get pods -l studyctl.io/attempt -o json | jq '.items[0].spec')
variable() { jq -r ".containers[] | select(.name == \"carry-out\").env[] | select(.name == \"STUDYCTL_CARRY_$1\").value" <<<"$pod"; }
jq -e '.volumes | all(has("hostPath") | not)' <<<"$pod" >/dev/null || fail "a path of the node is mounted"
url=$(variable URL)
asks() { curl -s -o said -w '%{http_code}' -H "Content-Type: application/octet-stream" "$@"; }
expect_equal "$(asks "$url/end")" 403 "the answer without a pass"
expect_equal "$(asks -H "Authorization: Bearer $(variable PASS)" "${url%?}2/end")" 403 "the answer to another attempt's pass"
expect_equal "$(asks -H "Authorization: Bearer $(variable PASS)" "$url/in?offset=0")" 403 "the answer to the other direction's pass"
expect_equal "$(asks "$address/api/v1/runs")" 404 "the API, asked where files are carried"
mkdir -p hostile/0
echo x >hostile/0/x
send_hostile() {
  expect_equal "$(asks -H "Authorization: Bearer $(variable PASS)" -X PUT --data-binary @hostile.tar "$url/out?offset=0")" 204 "a piece"
  printf '{"size": %s, "sha256": "%s", "leftOut": []}' "$(stat -c %s hostile.tar)" "$(sha256sum <hostile.tar | cut -c-64)" >whole
  expect_equal "$(asks -H "Authorization: Bearer $(variable PASS)" -X POST --data-binary @whole "$url/whole")" 400 "the answer to $1"
  grep -qF "$1" said || fail "of a hostile archive: $(cat said), not $1"
}
tar -C hostile --format=ustar -cPf hostile.tar --transform 's|0/x|../../../../escaped|' 0/x
send_hostile "is a path that leads out of its directory"
mkfifo hostile/0/pipe
tar -C hostile --format=ustar -cf hostile.tar 0
send_hostile "has what is never carried"
rm hostile/0/pipe
chmod u+s hostile/0/x
tar -C hostile --format=ustar -cf hostile.tar 0
send_hostile "special permissions"
expect_equal "$(find . -name escaped | wc -l)" 0 "files that a hostile archive made"
expect_code 1 studyctl wait late --timeout 60s
expect_equal "$(find results/late/latest/ -path '*.failed/late' -o -path '*.failed/early' | wc -l)" 2 "what was written before the end"
wait_until 30 has_left

# ---- one in the cluster, on a volume that one node mounts ----
rm -rf results
mkdir -m 0777 results
install_chart --set results.accessMode=ReadWriteOnce,carry.address="$address"
lead_to_pod() { kubectl get pod "$(controller_pod)" -o 'jsonpath={.status.podIP}' | grep . | sed 's/$/:8090/' >target; }
kill_controller() {
  local pod id
  pod=$(controller_pod)
  id=$(kubectl get pod "$pod" -o 'jsonpath={.status.containerStatuses[0].containerID}')
  curl -fsS -X POST --unix-socket "${bed_docker#unix://}" "http://localhost/v1.41/containers/${id#docker://}/kill?signal=KILL" >/dev/null
  kubectl delete pod "$pod" --grace-period=0 --force >/dev/null 2>&1
  wait_until 60 leads_now
  wait_until 20 lead_to_pod
}
wait_until 20 lead_to_pod
points=6
# shellcheck disable=SC2016
a_study inside 'sleep 1; head -c 40000000 /dev/urandom >/results/large; echo "{\"loss\": $STUDY_PARAM_I}" >/results/out.json; id -u >/results/who' 'parallelism: 3'
sed -i 's|image: studyctl/tiny:1|&\n          securityContext: {runAsUser: 1234, runAsGroup: 1234, capabilities: {drop: [ALL]}}|' study.yaml
cat >>study.yaml <<'EOF'
  results:
    metrics:
      - {name: loss, from: {file: out.json, pointer: /loss}}
EOF
expect_code 0 kubectl apply -f study.yaml
wait_until 60 is_coming
kill_controller
kubectl wait --for=condition=Complete study/inside --timeout=120s >/dev/null || fail "never complete: $(kubectl get study inside -o yaml)"
succeeded_once inside 6
expect_equal "$(of_attempts inside large)" 6 "large files that came home"
expect_equal "$(jq -r .metrics.loss results/inside/latest/results.jsonl | sort -n | xargs)" "1 2 3 4 5 6" "metrics"
expect_equal "$(find results/inside/latest/ -name who -exec cat {} + | sort -u)" 1234 "who main ran as"
wait_until 30 eval '[ -z "$(kubectl get jobs,pods -l studyctl.io/attempt -o name)" ]'
wait_until 15 nothing_under_way
echo "carried in $SECONDS s"
