#!/usr/bin/env bash
# A real Prometheus scrapes a run: names and types are as it wants them, and every alert rule and every expression of
# the dashboard finds what it asks for.
. "$(dirname "$0")/lib.sh"

prometheus=${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/prometheus/usr/bin
port=$((20000 + $$ % 10000))
ask() { curl -sS --max-time 20 "$@"; }
query() { ask -G "http://127.0.0.1:$port/api/v1/query" --data-urlencode "query=$1"; }
finds() { query "$1" | jq -e '.data.result | length > 0' >/dev/null; }

# Half of them fail at once, others after a while, so that everything there is a figure of has been.
points=40 a_study watched 'sleep 1; test $((STUDY_PARAM_I % 4)) != 0' 'parallelism: 3, retry: {limit: 0}'
expect_code 0 studyctl apply study.yaml --detach --listen 127.0.0.1:0
url=$(grep -o 'http://127.0.0.1:[0-9]*' "$work/out") || fail "it does not say where it listens"
wait_until 20 sh -c "curl -sf $url/metrics | grep -q verdict=.Succeeded.,le=.+Inf.}.[1-9]"

# ---- as Prometheus wants it
ask "$url/metrics" >metrics
"$prometheus/promtool" check metrics <metrics || fail "promtool finds fault with /metrics"
for name in studyctl_engine_request_duration_seconds_count studyctl_journal_commit_duration_seconds_count \
  studyctl_control_turn_duration_seconds_count process_cpu_seconds_total process_open_fds; do
  awk -v name="$name" 'index($1, name) == 1 { sum += $2 } END { exit !(sum > 0) }' metrics || fail "$name is not counted"
done
expect_equal "$(ask "$url/status" | jq -r '.study')" watched "the study"
grep -q '^studyctl_engine_request_duration_seconds_count{study="watched",operation="start"} [1-9]' metrics ||
  fail "starts of containers are not measured"

# ---- scraped by a real one
cat >prometheus.yml <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$top/manifests/prometheus-rules.yaml]
scrape_configs:
  - job_name: studyctl
    static_configs: [{targets: ['${url#http://}']}]
END
"$prometheus/promtool" check config prometheus.yml >promtool.log || { cat promtool.log >&2; fail "the configuration"; }
"$prometheus/prometheus" --config.file=prometheus.yml --storage.tsdb.path=tsdb --web.listen-address="127.0.0.1:$port" \
  --log.level=warn >prometheus.log 2>&1 &
server=$!
cleanups+=("kill $server")
wait_until 30 finds 'up{job="studyctl"} == 1'
wait_until 30 finds 'sum(increase(studyctl_attempts_ended_total{reason="Error"}[10s])) > 0'
# The estimate comes once something has finished; requests are counted from the first scrape on.
wait_until 30 finds studyctl_run_remaining_seconds

# ---- every panel
variables='s/\$__rate_interval/10s/g; s/\$study/.*/g'
panels=0
while IFS= read -r expression; do
  panels=$((panels + 1))
  wait_until 20 finds "$expression"
done < <(jq -r '.panels[].targets[].expr' "$top/manifests/grafana-dashboard.json" | sed "$variables")
[ "$panels" -ge 15 ] || fail "only $panels expressions were found in the dashboard"

# ---- every rule is evaluated without an error, and each selects something that is there
rules() { ask "http://127.0.0.1:$port/api/v1/rules" | jq '[.data.groups[].rules[]]'; }
expect_equal "$(rules | jq -r 'map(select(.health != "ok") | .name) | join(" ")')" "" "rules that cannot be evaluated"
expect_equal "$(rules | jq length)" "$(grep -c 'alert:' "$top/manifests/prometheus-rules.yaml")" "rules"
while IFS= read -r name; do
  finds "$name" || fail "the rules ask for $name, which nobody tells"
done < <(rules | jq -r '.[].query' | grep -o '\bstudyctl_[a-z_]*' | sort -u)
firing() { rules | jq -e --arg name "$1" '.[] | select(.name == $name) | .state == "firing"'; }
expect_equal "$(rules | jq -r 'map(select(.state == "firing") | .name) | join(" ")')" "" "alerts of a run that is well"

# ---- what happens is told: somebody pauses it
studyctl pause watched >/dev/null
wait_until 20 firing StudyRunPaused
studyctl resume watched >/dev/null
wait_until 20 sh -c "! { $(declare -f ask rules firing); port=$port; firing StudyRunPaused; }"
expect_code 0 studyctl cancel watched
wait_until 60 finds 'up{job="studyctl"} == 0'
