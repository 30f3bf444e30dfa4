#!/usr/bin/env bash
# The command line against a service elsewhere: contexts, every command as it is here, who may, and a service that goes
# away and comes back. The user's directory has no results and no engine; the service has its database elsewhere.
. "$(dirname "$0")/lib.sh"

mkdir service me
export HOME=$work/me STUDYCTL_CONFIG=$work/me/config
(cd service && studyctl token ann --role operator >tokens 2>../ann && studyctl token bob >>tokens 2>../bob)
ann=$(grep -o 'sctl_[0-9a-f]*' ann)
bob=$(grep -o 'sctl_[0-9a-f]*' bob)

service=
port=0
start_service() {
  : >service.log
  (cd service && exec env -u DOCKER_HOST studyctl --state-dir "$work/state" serve --engine "$DOCKER_HOST" --listen "127.0.0.1:$port" \
    --token-file tokens "$@" >../service.log 2>&1) &
  service=$!
  wait_until 30 grep -q 'serves ' service.log
  url=$(grep -oE 'https?://127.0.0.1:[0-9]*' service.log | tail -1)
  port=${url##*:}
}
kill_service() {
  kill "-$1" "$service"
  wait "$service" || true
  service=
}
cleanups+=('[ -z "$service" ] || kill -KILL "$service" 2>/dev/null')
start_service
cd me
there() { env -u DOCKER_HOST studyctl "$@"; }

# ---- contexts
expect_code 8 there --context lab get runs
expect_said "there is no context 'lab'"
expect_code 4 there config set-context lab
expect_said "--server is missing"
echo "$ann" | there config set-context lab --server "$url" --token-stdin >/dev/null
echo "$bob" >token && there config set-context bob --server "$url" --token-file token >/dev/null
expect_code 0 there config use-context lab
expect_equal "$(stat -c %a config)" 600 "the mode of what holds tokens"
chmod 644 config
expect_code 4 there get runs
expect_said "others may read it, and it holds a token"
chmod 600 config
expect_code 0 there config get-contexts
grep -qE '^\* +lab +http' "$work/out" || fail "the current context is not marked"
! grep -q sctl_ "$work/out" || fail "a list shows a token"
expect_code 0 there get runs
expect_said "there is no run yet"
expect_code 4 there --server "$url" --results . get runs
expect_said "name one of them"
expect_code 4 there --server "$url" doctor
expect_said "works on this machine alone"
STUDYCTL_TOKEN=sctl_wrong expect_code 4 there get runs
expect_said "the token is not known"
STUDYCTL_SERVER=127.0.0.1:1 expect_code 5 there get runs
STUDYCTL_RESULTS=nowhere expect_code 8 there get runs

# ---- a study with a file beside it, applied from here and followed to its end
points=3 a_study far 'echo hello $STUDY_PARAM_NAME; sleep 1'
printf 'name\nwater\nmethane\nbenzene\n' >molecules.csv
sed -i '/^  sweep:/d; s/^    i: .*/  experimentsFrom: {csv: {path: molecules.csv, columns: {name: name}}}/' study.yaml
expect_code 0 there plan study.yaml
expect_said "name=benzene"
expect_code 4 there apply study.yaml --at-most 1
expect_said "--at-most: a service drives the run"
expect_code 0 there apply study.yaml
expect_said "far: Completed"
expect_said "3 succeeded"
expect_code 0 there apply study.yaml
expect_said "unchanged"
expect_code 0 there diff study.yaml
printf 'ethanol\n' >>molecules.csv
expect_code 1 there diff study.yaml
expect_said "+ name=ethanol"
expect_code 0 there plan study.yaml
expect_said "by 3 earlier repetitions"
[ ! -e results ] || fail "there are results here"
expect_equal "$(curl -sS -H "Authorization: Bearer $bob" "$url/api/v1/studies" | jq -r '.items[].study')" far "studies over HTTP"

# ---- every command says what it says there
for command in 'get runs' 'get repetitions far -o json' 'get experiments far -o wide' 'logs far' 'results far' \
  'report far -o -' 'wait far' 'notify --list'; do
  there $command >here.out 2>here.err || fail "$command ended with $?"
  (cd "$work/service" && studyctl --results results --state-dir "$work/state" $command) >there.out 2>there.err || fail "$command ended with $?"
  cmp -s here.out there.out || { diff here.out there.out >&2; fail "differs elsewhere: $command"; }
done
expect_code 0 there report far
grep -q '</html>' report.html || fail "the report is not whole"
expect_code 4 there notify --test study.yaml
expect_said "names a file on your machine"
expect_code 8 there describe nothing
expect_code 4 there export far --ro-crate crate
expect_said "export copies files of a results directory"
expect_code 4 there results far --extract -f study.yaml
expect_said "names a file on your machine"

# ---- who may
for command in 'stop far' 'results far --extract' 'delete study far --yes' 'prune --runs 1' 'keep far' 'notify --test far'; do
  expect_code 4 there --context bob $command
  expect_said "bob may look, and change nothing"
done
expect_code 0 there --context bob get runs
ask() { curl -sS --max-time 30 -H "Authorization: Bearer $bob" -H 'Content-Type: application/json' "$@" "$url/api/v1/commands"; }
for words in '"serve"' '"get", "runs", "--results", "/"' '"--config", "/etc/passwd", "get", "runs"' \
  '"get", "runs", "--server", "http://127.0.0.1:1"' '"apply", "/etc/passwd"' '"token", "eve"'; do
  ask -d "{\"args\": [$words]}" >said
  grep -q '"exitCode":4' said || fail "a command that none should have: $words: $(cat said)"
done
expect_equal "$(ask -d '{"args": []}' | jq .status)" 400 "a command without words"
expect_equal "$(ask -d '{"args": "get"}' | jq .status)" 400 "words that are none"
expect_equal "$(curl -s -o /dev/null -w '%{http_code}' -d '{"args": ["get", "runs"]}' "$url/api/v1/commands")" 401 "nobody's"

# ---- verbs from elsewhere; a log as long as it is
points=2 a_study long 'sleep 60'
there apply study.yaml --detach >/dev/null
state_is() { [ "$(there get runs "$1" -o json | jq -r '.items[0].state')" = "$2" ]; }
wait_until 20 state_is long Running
expect_code 0 there cancel long --grace 0s
wait_until 20 state_is long Cancelled
there describe long | grep -q 'cancelled by ann' || fail "nobody says who cancelled"
expect_code 0 there delete run "$(there get runs long -o json | jq -r '.items[0].run')" --yes
points=1 a_study loud 'i=0; while [ $i -lt 20000 ]; do echo "$i: a line of some length, so that the log is long enough"; i=$((i+1)); done'
expect_code 0 there apply study.yaml
there logs loud --tail 30000 | cut -d' ' -f3- >log
expect_equal "$(wc -l <log)" 20000 "the lines of a long log"
expect_code 0 there prune far --runs 1 --dry-run

# ---- the service goes away in the middle, and comes back: the run is followed to its end
points=4 a_study lasting 'sleep 3'
there apply study.yaml >followed 2>&1 &
follower=$!
wait_until 20 state_is lasting Running
cd "$work"
kill_service KILL
start_service
cd me
wait "$follower" || fail "the follower ended with $?: $(cat followed)"
grep -q 'waits for it to come back' followed || fail "nothing is said of the service that went away"
grep -q '4 succeeded' followed || fail "the end is not told"

# ---- what looked on is gone with who looked
points=1 a_study slow 'sleep 30'
env -u DOCKER_HOST studyctl apply study.yaml >/dev/null 2>&1 &
follower=$!
watchers() { pgrep -P "$service" | wc -l; }
is_watched() { [ "$(watchers)" = "$1" ]; }
wait_until 20 is_watched 1
kill -KILL "$follower"
wait_until 10 is_watched 0
expect_code 0 there cancel slow --grace 0s
cd "$work/service"
none_left() { [ "$(containers_left)" = 0 ]; }
wait_until 20 none_left
cd "$work"
kill_service TERM
cd me
expect_code 5 there get runs
expect_said "127.0.0.1:$port"
there config unset-context >/dev/null
expect_code 8 there get runs
