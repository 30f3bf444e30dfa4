# Sourced behind lib.sh by the tests that install the chart: studyctl as it was built, in a pod of a namespace of their own,
# with a volume that pods claim and the node sees as a path.
# shellcheck shell=bash disable=SC2034,SC2154,SC2016

. "$top/tests/e2e/objects.sh"
release=lab
helm() { "$programs/helm" --namespace "$namespace" "$@"; }
# The test bed that the kubeconfig is of: bed VERB.
bed_instance=$(basename "$(dirname "$KUBECONFIG")")
bed_instance=${bed_instance#kubernetes}
bed() { "$top/tests/testbed/kubernetes.sh" "$1" ${bed_instance:+--instance "${bed_instance#-}"}; }
bed_docker=$(bed docker)

STUDYCTL_BUILD=$(dirname "$(command -v studyctl)") "$top/images/build.sh" tiny controller --socket "${bed_docker#unix://}" >/dev/null
# The release goes before what it stands in.
cleanups=('helm uninstall "$release"' "${cleanups[@]}")

# The chart makes the claim; on this path whoever the pod runs as may write.
mkdir -m 0777 results
chmod a+rx "$work"
results_volume "$release-results"

install_chart() {
  expect_code 0 helm install "$release" "$top/helm/studyctl" "$@"
  cleanups=('kubectl logs deployment/"$release" >"$work/controller.log" 2>&1' "${cleanups[@]}")
  wait_until 60 leads_now
}
# The pod of the chart's Deployment that is not leaving, and whether it is who acts.
controller_pod() {
  kubectl get pods -l app.kubernetes.io/name=studyctl -o json |
    jq -r '[.items[] | select(.metadata.deletionTimestamp == null)][0].metadata.name // empty'
}
leads_now() {
  local pod holder
  pod=$(controller_pod) && [ -n "$pod" ] || return 1
  holder=$(kubectl get lease studyctl -o 'jsonpath={.spec.holderIdentity}')
  [ "${holder%_*}" = "$pod" ]
}

# succeeded_once STUDY COUNT: in the database, in results.jsonl and on the disk; what was cut off counts for nothing.
succeeded_once() {
  local rows
  expect_equal "$(sqlite3 -readonly results/studies.db "select count(*), count(distinct experiment), sum(state = 'Succeeded')
    from jobs where study = '$1'" 2>&1)" "$2|$2|$2" "rows, experiments and successes in the database"
  expect_equal "$(jq -r .experiment "results/$1/latest/results.jsonl" | sort | uniq -c | awk '$1 == 1' | wc -l)" "$2" "experiments with one row in results.jsonl"
  expect_equal "$(wc -l <"results/$1/latest/results.jsonl")" "$2" "rows in results.jsonl"
  expect_equal "$(sqlite3 -readonly results/studies.db "select count(*) from attempts where state != 'Succeeded' and counted")" 0 "attempts that count as failures"
  rows=$(find "results/$1/latest/" -name stdout.log -path '*/attempt-[0-9]*' ! -path '*.failed/*' | wc -l)
  expect_equal "$rows" "$2" "directories of attempts that succeeded"
  expect_equal "$(find "results/$1/latest/" -name 'attempt-*.partial' | wc -l)" 0 "directories of attempts that never ended"
}
