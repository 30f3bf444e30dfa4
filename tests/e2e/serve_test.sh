#!/usr/bin/env bash
# The controller as a service: a queue of studies, what makes room for what, restarts, verbs and applies over HTTP.
. "$(dirname "$0")/lib.sh"

ask() { curl -sS --max-time 30 "$@"; }
code() { ask -o /dev/null -w '%{http_code}' "$@"; }
state_of() { studyctl get runs "$1" -o json | jq -r '.items[0].state'; }
is_in() { [ "$(state_of "$1")" = "$2" ]; }
has_containers() { [ "$(containers_left)" -ge "$1" ]; }
said_of() { studyctl describe "$1"; }
a_named_study() { points=$2 a_study "$1" "$3" "${4:-}" && mv study.yaml "$1.yaml"; }

studyctl token ann --role operator >tokens 2>ann
studyctl token bob >>tokens 2>bob
ann=$(grep -o 'sctl_[0-9a-f]*' ann)
bob=$(grep -o 'sctl_[0-9a-f]*' bob)

service=
start_service() {
  : >service.log  # what the one before said is not taken for its answer
  studyctl serve --listen 127.0.0.1:0 --token-file tokens "$@" >service.log 2>&1 &
  service=$!
  wait_until 30 grep -q 'serves ' service.log
  url=$(grep -oE 'https?://127.0.0.1:[0-9]*' service.log | tail -1)
  case $url in http:*) url=$(described "$url") ;; esac
}
end_service() {
  kill -TERM "$service"
  wait "$service" || fail "the service ended with $?"
  service=
}
cleanups+=('[ -z "$service" ] || kill -KILL "$service" 2>/dev/null')

# ---- what is refused before it begins
expect_code 4 studyctl serve --listen 0.0.0.0:0
expect_said "name a --token-file"
expect_code 4 studyctl serve --token-file nowhere
expect_code 0 studyctl serve --print-config --drain 5s
cp out service.conf
expect_code 0 studyctl serve --print-config --config service.conf
grep -q '^drain="5s"$' out || fail "a printed configuration is not read again"
start_service --config service.conf

# ---- who may
expect_equal "$(code "$url/healthz")" 200 "health without a token"
expect_equal "$(code "$url/")" 200 "the page without a token"
expect_equal "$(code "$url/api/v1/studies")" 401 "studies without a token"
expect_equal "$(code -H "Authorization: Bearer sctl_wrong" "$url/api/v1/studies")" 401 "studies by a wrong token"
expect_equal "$(code -H "Authorization: Bearer $bob" "$url/api/v1/studies")" 200 "studies by a viewer's token"
expect_equal "$(ask -H "Authorization: Bearer $bob" "$url/api/v1/whoami" | jq -r '.name + " " + .role')" "bob viewer" "who"
a_named_study first 3 'sleep 2'
post() { ask -H "Authorization: Bearer $ann" -H 'Content-Type: application/yaml' --data-binary "@$1" "$url/api/v1/studies$2"; }
expect_equal "$(code -H "Authorization: Bearer $bob" --data-binary @first.yaml "$url/api/v1/studies")" 403 "an apply by a viewer"

# ---- apply over HTTP: a dry run, problems with their places, a run
expect_equal "$(post first.yaml '?dryRun=All' | jq -r .result)" planned "a dry run"
[ ! -e results/first ] || fail "a dry run made a run"
sed 's/sweep:/sweeep:/' first.yaml >wrong.yaml
post wrong.yaml '' >problem
expect_equal "$(jq -r .status problem)" 422 "the status of a wrong manifest"
expect_equal "$(jq -r '.errors[0].line' problem)" "$(grep -n sweeep wrong.yaml | cut -d: -f1)" "the line of what is wrong"
expect_equal "$(post first.yaml '' | jq -r .result)" created "an apply"
expect_equal "$(post first.yaml '' | jq -r .result)" unchanged "the same again"

sed 's/^      containers:/      volumes: [{name: root, hostPath: {path: \/}}]\n      containers:/; s/name: first/name: taking/' first.yaml >taking.yaml
sed -i 's/^          command:/          volumeMounts: [{name: root, mountPath: \/host}]\n          command:/' taking.yaml
post taking.yaml '' >problem
expect_equal "$(jq -r .status problem)" 422 "a manifest that mounts the machine"
jq -r .detail problem | grep -q 'hostPath /: this service lets nobody mount it' || fail "the refusal of a mount"

sed 's/tiny:1/nowhere:1/; s/name: first/name: missing/' first.yaml >missing.yaml
expect_code 4 studyctl apply missing.yaml
expect_said "cannot pull image studyctl/nowhere:1"
[ ! -e results/missing ] || fail "an image that is missing made a run"

# ---- a second study waits for the machine, as the first states no limits
a_named_study second 2 'sleep 1'
expect_code 0 studyctl apply second.yaml --detach
wait_until 20 is_in first Running
expect_equal "$(state_of second)" Pending "the second one's state"
wait_until 5 eval "said_of second | grep -q 'the next start waits for its turn behind first'"

# ---- a higher priority goes first, at the boundary of an experiment
a_named_study urgent 1 'sleep 1' 'priority: 10'
expect_code 0 studyctl apply urgent.yaml
is_in urgent Completed || fail "the urgent one did not complete"
! is_in first Completed || fail "the first one was not made to wait"
expect_equal "$(sqlite3 results/studies.db "select count(*) from jobs where reason = 'Interrupted'")" 0 "attempts that were cut off"

# ---- the service is killed: another one adopts what runs
kill -KILL "$service"
wait "$service" || true
start_service
for study in first second; do expect_code 0 studyctl wait $study --timeout 60s; done
expect_equal "$(sqlite3 results/studies.db "select count(*) from jobs where state = 'Succeeded'")" 6 "what succeeded"
expect_equal "$(sqlite3 results/studies.db "select max(attempt) from jobs")" 1 "attempts of each"

# ---- verbs: by a token, with what is said as history
a_named_study long 4 'sleep 30'
expect_code 0 studyctl apply long.yaml --detach
wait_until 20 is_in long Running
verb() { ask -H "Authorization: Bearer $ann" -H 'Content-Type: application/json' -d "${3:-}" "$url/api/v1/studies/$1/runs/latest:$2"; }
expect_equal "$(code -H "Authorization: Bearer $bob" -d '' "$url/api/v1/studies/long/runs/latest:cancel")" 403 "a viewer's cancel"
expect_equal "$(verb long explode | jq .status)" 404 "an unknown verb"
expect_equal "$(verb nothing cancel | jq .status)" 404 "a cancel of nothing"
expect_equal "$(verb long cancel '{"gracce": "1s"}' | jq .status)" 400 "a cancel that is misspelt"
verb long pause | grep -q paused || fail "no pause"
wait_until 5 is_in long Paused
verb long resume | grep -q resumed || fail "no resume"
expect_equal "$(code -H "Authorization: Bearer $ann" -d '{"grace": "0s"}' "$url/api/v1/studies/long/runs/latest:cancel")" 202 "a cancel"
wait_until 20 is_in long Cancelled
expect_equal "$(verb long cancel | jq .status)" 409 "a cancel of what was cancelled"
said_of long | grep -q 'cancelled by ann' || fail "nobody says who cancelled"

# ---- a run is begun again, of a part; marked; taken away
verb second again '{"cycles": 2, "selection": {"selector": "i=1"}}' >begun
again=$(jq -r .run begun)
expect_code 0 studyctl wait second --timeout 60s
expect_equal "$(studyctl get repetitions "second/$again" --state Succeeded -o json | jq '.items | length')" 2 "what ran of the part"
expect_equal "$(studyctl get repetitions "second/$again" --state Skipped -o json | jq '.items | length')" 2 "what was left out"
verb second keep '{"why": "for the paper"}' | grep -q 'is kept' || fail "no mark"
verb second delete | grep -q deleted || fail "nothing was deleted"
expect_equal "$(studyctl get runs second -o json | jq '.items | length')" 1 "runs that are left"
expect_equal "$(verb long delete | jq -r .message)" deleted "a cancelled run"

# ---- handed over, and gone on with by a foreground controller
a_named_study kept 3 'sleep 2'
expect_code 0 studyctl apply kept.yaml --detach
both_run() { [ "$(sqlite3 results/studies.db "select count(*) from jobs where study = 'kept' and state = 'Running'")" = 2 ]; }
wait_until 20 both_run
end_service
has_containers 1 || fail "no container runs on"
expect_code 0 studyctl apply kept.yaml
expect_equal "$(sqlite3 results/studies.db "select max(attempt) from jobs where study = 'kept'")" 1 "attempts of each"
expect_equal "$(containers_left)" 0 "containers that are left"

# ---- drained: what runs ends, nothing else begins
start_service --drain 30s
a_named_study drained 3 'sleep 3'
expect_code 0 studyctl apply drained.yaml --detach
wait_until 20 has_containers 1
end_service
expect_equal "$(containers_left)" 0 "containers after a drain"

# ---- through TLS
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 \
  -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
expect_code 4 studyctl serve --token-file tokens --tls-cert cert.pem
expect_said "name both, or none"
start_service --tls-cert cert.pem --tls-key key.pem
case $url in https:*) ;; *) fail "it does not say that it speaks TLS: $url" ;; esac
expect_code 0 studyctl wait drained --timeout 60s
expect_equal "$(ask --cacert cert.pem -H "Authorization: Bearer $bob" "$url/api/v1/studies" | jq '.items | length')" 5 "studies"
end_service

# ---- known by certificates, without a token: with curl and with the command line
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out "$1.pem" 2>/dev/null
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=lab 2>/dev/null
certificate cara /O=operator/CN=cara
certificate dan /CN=dan
expect_code 4 studyctl serve --listen 0.0.0.0:0
expect_said "name a --token-file or a --tls-client-ca"
expect_code 4 studyctl serve --tls-client-ca ca.pem
expect_said "takes --tls-cert and --tls-key"
: >service.log
studyctl serve --listen 127.0.0.1:0 --tls-cert cert.pem --tls-key key.pem --tls-client-ca ca.pem >service.log 2>&1 &
service=$!
wait_until 30 grep -q 'serves ' service.log
url=$(grep -oE 'https://127.0.0.1:[0-9]*' service.log)
certified() { name=$1 && shift && ask --cacert cert.pem --cert "$name.pem" --key "$name.key" "$@"; }
expect_equal "$(certified cara "$url/api/v1/whoami" | jq -r '.name + " " + .role')" "cara operator" "who"
expect_equal "$(certified dan -d '' "$url/api/v1/studies/drained/runs/latest:delete" | jq .status)" 403 "a viewer's delete"
expect_equal "$(code --cacert cert.pem "$url/api/v1/studies")" 401 "studies without a certificate"
expect_equal "$(code --cacert cert.pem "$url/healthz")" 200 "health without a certificate"
export STUDYCTL_CONFIG=$work/config
studyctl config set-context lab --server "$url" --certificate-authority cert.pem --client-certificate cara.pem --client-key cara.key
expect_code 0 studyctl --context lab get studies
expect_code 0 studyctl --context lab delete study drained --yes
expect_said "deleted drained/"
end_service
