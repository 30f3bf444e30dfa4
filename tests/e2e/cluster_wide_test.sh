#!/usr/bin/env bash
# One controller for the Studies of several namespaces, and of all: two of one name are two, results come home from where
# there is no claim, and a namespace that does not allow it says so in its Studies.
. "$(dirname "$0")/lib.sh"
. "$top/tests/e2e/chart.sh"

one=$namespace-one two=$namespace-two poor=$namespace-poor late=$namespace-late
for name in "$one" "$two" "$poor" "$late"; do
  kubectl create namespace "$name" >/dev/null
  cleanups+=("remove_namespace $name")
done
there() { kubectl -n "$1" get study "$2" -o "jsonpath={.status.$3}"; }
is_there() { [ "$(there "$1" "$2" "$3")" = "$4" ]; }
jobs_there() { kubectl -n "$1" get jobs -o name | wc -l; }

# The node reaches the controller by no name: relay.py stands where its Service would.
gateway=$(curl -fsS --unix-socket "${bed_docker#unix://}" http://localhost/networks/bridge | jq -r '.IPAM.Config[0].Gateway')
: >target
"$top/tests/e2e/relay.py" "$gateway" target relay_port &
cleanups+=("kill $!")
wait_until 10 test -s relay_port
lead_to_pod() { kubectl get pod "$(controller_pod)" -o 'jsonpath={.status.podIP}' | grep . | sed 's/$/:8090/' >target; }

carried=carry.address=http://$gateway:$(cat relay_port)
install_chart --set "watch.namespaces={$namespace,$one,$two,$poor},$carried"
wait_until 20 lead_to_pod
expect_equal "$(kubectl get clusterroles -o name | grep -c "/$namespace-$release\$" || true)" 0 "ClusterRoles with rights on Studies"

# ---- three of one name, each in its namespace ----
# shellcheck disable=SC2016
for name in "$namespace" "$one" "$two"; do
  a_study water 'echo "$STUDY_NAME of '"$name"'"; echo $STUDY_PARAM_I >/results/i' 'parallelism: 2'
  expect_code 0 kubectl -n "$name" apply -f study.yaml
done
for name in "$namespace" "$one" "$two"; do
  wait_until 120 is_there "$name" water state Completed
  expect_equal "$(there "$name" water done)" 4/4 "experiments of $name"
done
for name in water "${one}_water" "${two}_water"; do
  of=${name%_water} && of=${of/#water/$namespace}
  expect_equal "$(cat results/"$name"/latest/experiments/*/*/cycle-1/attempt-1/stdout.log | sort -u)" "water of $of" "what $name said"
  expect_equal "$(cat results/"$name"/latest/experiments/*/*/cycle-1/attempt-1/i | sort | xargs)" "1 2 3 4" "results of $name"
done
expect_equal "$(sqlite3 -readonly results/studies.db 'select count(distinct study), count(*) from jobs')" "3|12" "studies and experiments on record"

# ---- what one namespace does not allow is said there, and holds nobody else up ----
kubectl -n "$poor" get role "$namespace-$release-studies" -o json |
  jq '.rules |= map(if .resources == ["jobs"] then .verbs = ["get", "list"] else . end)' | kubectl -n "$poor" apply -f - 2>/dev/null >/dev/null
a_study water 'echo now' 'parallelism: 2'
kubectl -n "$poor" apply -f study.yaml >/dev/null
lacks() { there "$poor" water message | grep -qF "in namespace $poor RBAC does not allow what is needed; a Role lacks {apiGroups: [batch], resources: [jobs], verbs: [create, delete]}"; }
wait_until 30 lacks
is_there "$poor" water state Pending || fail "it is $(there "$poor" water state)"
is_there "$poor" water 'conditions[?(@.type=="Accepted")].reason' NotYet || fail "it is not said that it may come"
expect_equal "$(jobs_there "$poor")" 0 "Jobs where none are allowed"

# ---- what is deleted in one namespace runs on in the other ----
points=2
a_study twin 'echo up; sleep 45; echo done' 'parallelism: 2'
sed -i 's|image: studyctl/tiny:1|&\n          resources: {limits: {cpu: 100m, memory: 64Mi}}|' study.yaml  # there is room for both
for name in "$one" "$two"; do kubectl -n "$name" apply -f study.yaml >/dev/null; done
for name in "$one" "$two"; do wait_until 60 grep -rqs up "results/${name}_twin/latest/" --include stdout.log; done
kubectl -n "$one" delete study twin --timeout=90s >/dev/null || fail "it was not let go"
is_there "$two" twin state Running || fail "the other one is $(there "$two" twin state)"
wait_until 30 eval "[ \$(jobs_there $one) = 0 ]"

# ---- all namespaces: an upgrade takes the controller away meanwhile, and what runs is adopted ----
expect_code 0 helm upgrade "$release" "$top/helm/studyctl" --set "watch.allNamespaces=true,$carried"
wait_until 60 leads_now
wait_until 20 lead_to_pod
wait_until 120 is_there "$two" twin state Completed
expect_equal "$(sqlite3 -readonly results/studies.db "select study, state, count(*) from jobs where study like '%_twin' group by 1, 2 order by 1" | sed "s/^$namespace-//" | xargs)" \
  "one_twin|Cancelled|2 two_twin|Succeeded|2" "what became of both"
expect_equal "$(find results/"${two}_twin" -name 'attempt-2*' | wc -l)" 0 "attempts that were made again instead of adopted"
kubectl -n "$late" apply -f study.yaml >/dev/null
wait_until 120 is_there "$poor" water state Completed
wait_until 150 is_there "$late" twin state Completed
for name in "$namespace" "$one" "$two" "$poor" "$late"; do
  kubectl -n "$name" delete studies --all --timeout=60s >/dev/null || fail "they were not let go"
done
expect_code 0 helm uninstall "$release"
expect_equal "$(kubectl get clusterroles,clusterrolebindings -o name | grep -c "/$namespace-$release" || true)" 0 "rights that are left"

expect_code 4 studyctl serve --all-namespaces
expect_said "take --operator"
expect_code 4 studyctl serve --operator --all-namespaces --watch-namespace a
expect_said "leave one out"
