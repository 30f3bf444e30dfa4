#!/usr/bin/env bash
# Every operation that /openapi.json describes is there, and answers as it says.
. "$(dirname "$0")/lib.sh"

studyctl token ann --role operator >tokens 2>ann
studyctl token eve >>tokens 2>eve
ann=$(grep -o 'sctl_[0-9a-f]*' ann) eve=$(grep -o 'sctl_[0-9a-f]*' eve)
studyctl serve --listen 127.0.0.1:0 --token-file tokens >service.log 2>&1 &
service=$!
cleanups+=('kill "$service" 2>/dev/null; wait "$service"')
wait_until 30 grep -q 'serves ' service.log
url=$(described "$(grep -o 'http://127.0.0.1:[0-9]*' service.log)")

ask() { curl -sS --max-time 60 -H "Authorization: Bearer $ann" "$@"; }
code() { ask -o /dev/null -w '%{http_code}' "$@"; }
state_is() { [ "$(ask "$url/api/v1/studies/$1/runs/latest" | jq -r .state)" = "$2" ]; }
verb() { ask -d "${3:-}" "$url/api/v1/studies/$1/runs/latest:$2" >said; }

# ---- it is given away, to anybody, as it was built
expect_equal "$(curl -sS "$url/openapi.json" | jq -r .openapi)" 3.1.0 "the document"
curl -sS "$url/openapi.json" | cmp - "$(dirname "$(command -v studyctl)")/openapi.json" || fail "another document is served"

# ---- one study that runs through, with metrics, logs and failures; one that is told this and that
points=3 a_study through 'echo said; echo "$STUDY_PARAM_I" >/results/value; test "$STUDY_PARAM_I" != 2' 'parallelism: 2, cycles: 2, retry: {limit: 1, backoff: {initial: 1s}}'
sed -i 's|^  execution:|  results: {metrics: [{name: value, unit: m, from: {file: value, regex: "([0-9]+)"}}]}\n&|' study.yaml
expect_equal "$(code --data-binary @study.yaml "$url/api/v1/studies?dryRun=All")" 200 "a plan"
expect_equal "$(code --data-binary @study.yaml "$url/api/v1/studies")" 201 "an apply"
wait_until 60 state_is through CompletedWithFailures
points=4 a_study told 'sleep 60'
expect_equal "$(code --data-binary @study.yaml "$url/api/v1/studies?fresh=true&yes=true&reuse=any")" 201 "an apply"
wait_until 30 state_is told Running
verb told pause
wait_until 10 state_is told Paused
verb told resume '{"why": "to see"}'
verb told skip '{"selection": {"selector": "i=4"}}'
verb told stop '{"grace": "1s"}'
verb told cancel '{"grace": "0s"}'
wait_until 20 state_is told Cancelled
deletes() { [ "$(ask -d '' "$url/api/v1/studies/$1/runs/latest:delete" | jq -r .message)" = deleted ]; }
wait_until 10 deletes told  # its state is written before its last container is gone
verb through keep '{"why": "to compare"}'
verb through unkeep
verb through again '{"cycles": 1, "parallelism": 1, "selection": {"selector": "i=1"}}'
wait_until 60 state_is through Completed
wait_until 10 deletes through
verb through retry '{"selection": {"reasons": ["Error"]}, "maxRetries": 2}'
wait_until 60 state_is through CompletedWithFailures

# ---- all that can be looked at
run=$url/api/v1/studies/through/runs/latest
experiment=$(ask "$run/experiments?limit=1" | jq -r '.items[0].experiment')
for what in '' /experiments '/repetitions?state=Failed&reason=Error' '/attempts?selector=i!=2&minFails=0' /status '/events?after=1' \
  /grid '/grid?from=0&count=2&metric=value' '/grid?x=i&xFrom=0&xCount=2&metric=value' '/plan?index=1' '/timeline?from=0&to=9' \
  "/log?experiment=$experiment&cycle=1&attempt=1&tail=10" "/log?experiment=$experiment&follow=true" /manifest \
  '/results?by=i&baseline=i=1&sort=value:desc&clean=true' /commands '/changes?since=latest'; do
  expect_equal "$(code "$run$what")" 200 "the status of $what"
done
for what in / /web/app.js /healthz /readyz /status /metrics /api/v1/schema /api/v1/whoami /api/v1/studies /api/v1/studies/through '/api/v1/studies/through/runs?limit=1'; do
  expect_equal "$(code "$url$what")" 200 "the status of $what"
done
printf 'a,b\n1,2\n' >rows.csv
input=$url/api/v1/inputs/$(sha256sum rows.csv | cut -d' ' -f1)
expect_equal "$(code "$input")" 404 "an input that is not there"
expect_equal "$(code --upload-file rows.csv "$input")" 201 "an input"
expect_equal "$(code "$input")" 204 "that input"
expect_equal "$(code -d '{"args": ["get", "runs"], "terminal": {"columns": 80, "rows": 24}}' "$url/api/v1/commands")" 200 "a command"

# ---- what is refused is told as it says, too
expect_equal "$(sed 's/parallelism: 2/parallelism: none/' study.yaml | code --data-binary @- "$url/api/v1/studies")" 422 "a wrong manifest"
expect_equal "$(code --data-binary @rows.csv -X PUT "${input%???}000")" 422 "an input of another hash"
expect_equal "$(code -d '{"whence": 1}' "$run:stop")" 400 "a verb with a field that it does not know"
expect_equal "$(code -d '' "$run:explode")" 404 "a verb that is not there"
expect_equal "$(code "$run:stop")" 405 "a verb said by GET"
expect_equal "$(code "$url/api/v1/studiesque")" 404 "a path that only begins as another"
expect_equal "$(code "$url/api/v1/studies/nobody/runs/latest")" 404 "a run that is not there"
expect_equal "$(code -d '' "$run:resume")" 409 "a verb that does not fit"
expect_equal "$(ann=$eve code -d '' "$run:stop")" 403 "a viewer's verb"
expect_equal "$(ann=$eve code "$run")" 200 "a viewer's look"
for _ in $(seq 20); do expect_equal "$(ann=sctl_0 code "$run")" 401 "a wrong token"; done
expect_equal "$(code "$run")" 429 "the next one"
kill "$service"
wait "$service" || true

# ---- of one run
points=1 a_study alone 'sleep 15'
expect_code 0 studyctl apply study.yaml --detach --listen 127.0.0.1:0
url=$(described "$(grep -o 'http://127.0.0.1:[0-9]*' out)")
for what in /status /api/v1/whoami /events; do expect_equal "$(code "$url$what")" 200 "the status of $what of one run"; done

# ---- nothing was left out
for said in $(jq -r '.paths | to_entries[] | .key as $path | .value | keys[] | select(. != "parameters") |
  "\(ascii_upcase)=\($path)"' "$(dirname "$(command -v studyctl)")/openapi.json"); do
  grep -qF "${said%%=*} ${said#*=} 20" api/seen || fail "${said/=/ } was never answered as it is described"
done
