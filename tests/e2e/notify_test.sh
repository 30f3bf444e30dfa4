#!/usr/bin/env bash
# Notifications: real receivers for webhooks and for mail over TLS that check what comes, also when they were away, when
# the controller was killed, and when a service is told to call this machine.
. "$(dirname "$0")/lib.sh"

key=not-for-anybody-else
password=nor-is-this
mkdir -p secrets/hook secrets/mail
printf '%s\n' "$key" >secrets/hook/hmac
printf '%s' "$password" >secrets/mail/password
printf 'starttls-%s' "$password" >secrets/mail/starttls
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 \
  -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
export SSL_CERT_FILE=$work/cert.pem

receivers=()
receiver=
# start_receiver NAME ARGUMENTS...: its port in $port.
start_receiver() {
  local name=$1
  shift
  : >"$name.out"
  "$top/tests/e2e/notify_receiver.py" "$@" >"$name.out" 2>"$name.err" &
  receiver=$!
  receivers+=("$receiver")
  wait_until 30 grep -q listens "$name.out"
  port=$(cut -d' ' -f2 "$name.out")
}
cleanups+=('[ ${#receivers[@]} = 0 ] || kill "${receivers[@]}" 2>/dev/null')
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

hooks=$(free_port)
start_hooks() { start_receiver hooks http "$hooks" hooks.log "$key" && hooks_pid=$receiver; }
stop_hooks() {
  kill "$hooks_pid"
  wait "$hooks_pid" 2>/dev/null || true
}
start_hooks
start_receiver smtps smtp "$(free_port)" mail.log cert.pem key.pem studies@example.org "$password"
smtps=$port
start_receiver starttls smtp "$(free_port)" starttls.log cert.pem key.pem ann "starttls-$password"
starttls=$port
printf 'http://127.0.0.1:%s/services/T0/B0/a-secret-path' "$hooks" >secrets/hook/slack

# a_told_study NAME SCRIPT NOTIFICATIONS...: each of them a line.
quick='retry: {limit: 100, backoff: {initial: 200ms, max: 1s}}'
hook="webhook: {url: \"http://127.0.0.1:$hooks/hook\", secretRef: {name: hook, key: hmac}}"
a_told_study() {
  local name=$1 script=$2 lines=
  shift 2
  for line in "$@"; do lines+="    - {$line}\n"; done
  a_study "$name" "$script"
  sed -i "s|^spec:|spec:\n  notifications:\n$lines|" study.yaml
  mv study.yaml "$name.yaml"
}
field() { jq -rs "[.[] | select(.answered < 300) | $1] | join(\" \")" hooks.log; }
messages() { studyctl notify --list "$1" --limit 10000 -o json | jq -r ".items | map($2) | join(\" \")"; }
apply() { studyctl apply "$1.yaml" --secret-dir secrets "${@:2}" </dev/null; }

# ---- a test message by each of them
points=3 a_told_study told 'case ${params.i} in 2) exit 3;; esac' \
  "name: hook, on: [ExperimentFailed, CompletedWithFailures], $hook, $quick" \
  "name: slack, on: [CompletedWithFailures], webhook: {urlRef: {name: hook, key: slack}, template: slack}, $quick" \
  "name: mail, on: [CompletedWithFailures], email: {to: [team@example.org, boss@example.org], from: studies@example.org, server: \"smtps://localhost:$smtps\", secretRef: {name: mail, key: password}}" \
  "name: starttls, on: [CompletedWithFailures], email: {to: [team@example.org], from: studies@example.org, server: \"smtp://localhost:$starttls\", username: ann, secretRef: {name: mail, key: starttls}}"
expect_code 0 studyctl notify --test told.yaml --secret-dir secrets
for line in "hook: http://127.0.0.1:$hooks: taken" "slack: a secret URL: taken" "mail: smtps://localhost:$smtps: taken" \
  "starttls: smtp://localhost:$starttls: taken"; do expect_said "$line"; done
expect_equal "$(field .signed)" "true false" "what is signed of the tests"
expect_code 0 studyctl notify --test told.yaml --rule hook --secret-dir secrets
expect_code 8 studyctl notify --test told.yaml --rule nobody --secret-dir secrets
expect_code 5 studyctl notify --test told.yaml --rule hook
expect_said "secret hook has no key hmac"
expect_code 5 env -u SSL_CERT_FILE studyctl notify --test told.yaml --rule mail --secret-dir secrets
expect_said "certificate"
expect_code 4 studyctl apply told.yaml
expect_said "secret hook has no key hmac"
rm hooks.log mail.log starttls.log

# ---- a run: in order, signed, as an event, as words, as mail
expect_code 1 apply told
expect_equal "$(field 'select(.path == "/hook") | .body.type')" "io.studyctl.ExperimentFailed io.studyctl.CompletedWithFailures" "what the hook was told"
expect_equal "$(field 'select(.path == "/hook") | .signed')" "true true" "whether it was signed"
expect_equal "$(field 'select(.path == "/hook") | .type' | cut -d';' -f1)" application/cloudevents+json "the type"
expect_equal "$(field 'select(.path == "/hook") | .body | select(.specversion == "1.0") | .data.study')" "told told" "events"
expect_equal "$(field 'select(.path == "/hook") | .id')" "$(field 'select(.path == "/hook") | .body.id')" "ids of events and messages"
expect_equal "$(jq -rs '[.[].body.data.experiment | objects | .exit_code] | join(" ")' hooks.log)" 3 "the exit code that was told"
field 'select(.path | startswith("/services/")) | .body.text' | grep -q '^\*told: CompletedWithFailures: 2 of 3 succeeded, 1 failed' ||
  fail "the words for Slack"
expect_equal "$(jq -r '[.from, .to[], .tls, .login] | join(" ")' mail.log)" "studies@example.org team@example.org boss@example.org true true" "the mail"
jq -r .text mail.log | grep -q '^Subject: told: CompletedWithFailures: 2 of 3 succeeded' || fail "the subject of the mail"
jq -r .text mail.log | sed '1,/^\r*$/d' | tr -d '\r' | base64 -d | grep -q '^2 of 3 succeeded, 1 failed' || fail "the words of the mail"
expect_equal "$(jq -r '[.tls, .login] | join(" ")' starttls.log)" "true true" "the mail by STARTTLS"
expect_equal "$(messages told .state)" "Sent Sent Sent Sent Sent" "states"
expect_code 0 studyctl describe told
expect_said '5 sent'
expect_code 0 studyctl notify --test told --rule hook --secret-dir secrets

# ---- no secret anywhere
for secret in "$key" "$password" a-secret-path "$(printf '%s' "$key" | base64)"; do
  ! grep -raF -- "$secret" results "$work/out" || fail "a secret lies there"
done

# ---- the receiver is away: the run ends all the same, what waits goes with the next apply, in order
stop_hooks
rm hooks.log
points=1 a_told_study away 'true' "on: [Completed], $hook, $quick"
expect_code 0 apply away
expect_said "1 notification not sent yet: the next run or \`studyctl serve\` on this volume tries again"
expect_equal "$(messages away .state)" Waiting "the state of what waits"
messages away .error | grep -q 'Connection refused' || fail "why it waits is not told"
start_hooks
points=1 a_told_study next 'sleep 2' "on: [Completed], $hook, $quick"
expect_code 0 apply next
expect_equal "$(field .body.data.study | xargs -n1 | sort | xargs)" "away next" "what came once it was back"

# ---- at once, without a run: nobody waits for what the last try asked for
slow='retry: {limit: 100, backoff: {initial: 30m, max: 1h}}'
rm hooks.log
stop_hooks
points=1 a_told_study later 'true' "on: [Completed], $hook, $slow"
expect_code 0 apply later
start_hooks
expect_code 8 studyctl notify nobody
expect_code 0 studyctl notify --send "$(studyctl notify later -o json | jq -r '.items[0].run')" --secret-dir secrets
expect_equal "$(field .body.data.study)" later "what was sent at once"
expect_equal "$(messages later .tries)" 2 "its tries"

# ---- it is away while a run goes on, then has too much to do: none is lost, all are in order
rm hooks.log
points=12 a_told_study busy 'sleep 0.5; exit 1' "on: [ExperimentFailed, CompletedWithFailures], $hook, $quick"
stop_hooks
(sleep 3 && echo '503 1' >answer && touch back) &
apply busy >busy.out 2>&1 &
run=$!
wait_until 30 test -e back
start_hooks
sleep 2
rm answer
wait "$run" || true
wait_until 60 eval '[ "$(messages busy ".state" | tr " " "\n" | sort -u)" = Sent ] || { apply next --fresh --yes; false; }'
expect_equal "$(field 'select(.body.data.study == "busy") | .id' | xargs -n1 | uniq | wc -l)" 13 "what came, once each"
expect_equal "$(field 'select(.body.data.study == "busy") | .id' | xargs -n1 | uniq | sed 's/.*-\([0-9]*\)-1-.*/\1/')" \
  "$(field 'select(.body.data.study == "busy") | .id' | xargs -n1 | uniq | sed 's/.*-\([0-9]*\)-1-.*/\1/' | sort -n)" "their order"
[ "$(jq -rs '[.[] | select(.answered == 503)] | length' hooks.log)" -gt 0 ] || fail "it never had too much to do"
expect_equal "$(jq -rs '[.[] | select(.signed | not)] | length' hooks.log)" 0 "what was not signed"

# ---- kills: what was committed is told, again by the same id where nobody knows whether it was
points=40 a_told_study killed 'exit 1' "on: [ExperimentFailed, CompletedWithFailures], $hook, $quick"
sed -i 's/parallelism: 2/parallelism: 4/' killed.yaml
for pause in 1.5 2 2.5 3; do
  studyctl apply killed.yaml --secret-dir secrets </dev/null >/dev/null 2>&1 &  # not by the function: it is a shell that dies then
  run=$!
  sleep "$pause"
  kill -9 "$run" 2>/dev/null || true
  wait "$run" 2>/dev/null || true
done
apply killed >/dev/null 2>&1 || true  # perhaps all of it was over already
wait_until 60 eval '[ "$(messages killed ".state" | tr " " "\n" | sort -u)" = Sent ] || { apply next --fresh --yes; false; }'
expect_equal "$(field 'select(.body.data.study == "killed") | .id' | xargs -n1 | sort -u | wc -l)" 41 "all that was to be told"
expect_equal "$(messages killed .id | xargs -n1 | sort)" "$(field 'select(.body.data.study == "killed") | .id' | xargs -n1 | sort -u)" "by the same ids"

# ---- given up: a dead letter that is seen; a redirect is not followed
points=1 a_told_study dead 'true' \
  "name: moved, on: [Completed], webhook: {url: \"http://127.0.0.1:$hooks/redirect\"}, retry: {limit: 1, backoff: {initial: 100ms, max: 100ms}}"
expect_code 0 apply dead
expect_said "1 notification given up: \`studyctl notify\` says why"
expect_equal "$(messages dead '.state + " " + (.tries | tostring) + " " + .error')" "Dead 2 answered 302; redirects are not followed" "the dead letter"
expect_code 0 studyctl describe dead
expect_said '1 given up'
! grep -q /elsewhere hooks.log || fail "the redirect was followed"
expect_code 5 studyctl notify --send
expect_said '1 notification given up'
expect_equal "$(messages dead '.state + " " + (.tries | tostring)')" "Dead 3" "what was tried once more"
sed -i 's|/redirect|/hook|' dead.yaml
expect_code 0 apply dead
expect_said 'notifications.moved.webhook.url: http'
expect_said 'nothing is left to run'
expect_code 0 studyctl notify --send
expect_said 'all is sent'
expect_equal "$(messages dead .state)" Sent "what was given up, once its rule was mended"

# ---- a service does not call this machine, unless it may
rm hooks.log
points=1 a_told_study served 'true' "on: [Completed], $hook, $quick"
service=
cleanups+=('[ -z "$service" ] || kill -KILL "$service" 2>/dev/null')
start_service() {
  studyctl serve --listen '' --secret-dir secrets "$@" >service.log 2>&1 &
  service=$!
  wait_until 30 grep -q 'serves ' service.log
}
end_service() {
  kill -TERM "$service"
  wait "$service" || fail "the service ended with $?"
  service=
}
start_service
expect_code 0 studyctl apply served.yaml --detach
wait_until 30 eval 'messages served .error | grep -q "is at 127.0.0.1, which a service does not connect to"'
expect_code 5 env STUDYCTL_ON_BEHALF='operator ann' STUDYCTL_SECRET_HOOK_HMAC=$key studyctl --results results notify --test served
expect_said "which a service does not connect to"
[ ! -e hooks.log ] || fail "the service called this machine"
end_service
start_service --allow-notify 127.0.0.1
wait_until 30 eval '[ "$(messages served .state)" = Sent ]'
expect_equal "$(field .body.data.study)" served "what the service sent for the one before it"
end_service
