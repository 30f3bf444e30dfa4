#!/usr/bin/env bash
# The controller in a container, by manifests/compose.yaml and a real Compose: the containers that it starts lie beside it,
# and know its results by the machine's path.
. "$(dirname "$0")/lib.sh"

export DOCKER_CONFIG=${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/docker
socket=${DOCKER_HOST#unix://}
port=$((20000 + $$ % 10000))
url=http://127.0.0.1:$port
STUDYCTL_BUILD=$(dirname "$(command -v studyctl)") "$top/images/build.sh" controller --socket "$socket" >/dev/null

mkdir results locks data
echo 42 >data/answer
cat >allowed.yaml <<END
services:
  controller:
    command: [serve, --token-file, /run/secrets/tokens, --allow-host-path, $work/data, --allow-host-path, /usr]
    volumes: ["$work/data:$work/data:ro"]
END
export STUDYCTL_TOKENS=$work/tokens STUDYCTL_PUBLISH=127.0.0.1:$port STUDYCTL_SOCKET=$socket STUDYCTL_LOCKS=$work/locks
export STUDYCTL_MONITORING_TOKEN=$work/monitoring-token STUDYCTL_RESULTS=$work/results
project=studyctl-test-$$
compose() { docker compose --project-name "$project" -f "$top/manifests/compose.yaml" -f allowed.yaml "$@"; }
cleanups+=('docker ps -aq --filter "label=studyctl.io/volume=$(cat results/.studyctl/volume-id 2>/dev/null)" | xargs -r docker rm -f >/dev/null')
cleanups+=('compose --profile monitoring down --volumes --timeout 5 >/dev/null 2>&1')
up() { expect_code 0 compose up --detach --no-build --wait; }

# ---- a token is made by the image itself
docker run --rm --network none studyctl/controller:1 token ann --role operator >tokens 2>ann
docker run --rm --network none studyctl/controller:1 token prometheus >>tokens 2>scraper
ann=$(grep -o 'sctl_[0-9a-f]*' ann)
grep -o 'sctl_[0-9a-f]*' scraper >monitoring-token

# ---- what is written down is what Compose and Prometheus read
compose --profile monitoring config --format json >config.json || fail "Compose cannot read compose.yaml"
expect_equal "$(jq -r '.services | keys | join(" ")' config.json)" "controller grafana prometheus" "services"
expect_equal "$(jq -r '.services.controller.ports[].host_ip' config.json)" 127.0.0.1 "where it is published"
jq -r .configs.prometheus.content config.json | sed "s|/etc/prometheus/rules.yaml|$top/manifests/prometheus-rules.yaml|;
  s|/run/secrets/monitoring-token|$work/monitoring-token|" >prometheus.yml
expect_code 0 "${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/prometheus/usr/bin/promtool" check config prometheus.yml
docker compose -f "$top/manifests/compose.yaml" -f "$top/manifests/compose.gpu.yaml" config --format json >gpu.json
expect_equal "$(jq -c '.services.controller.deploy.resources.reservations.devices[0].capabilities' gpu.json)" \
  '["gpu","utility"]' "the reservation of GPUs"

# ---- results that nobody else could see are refused
expect_code 4 timeout 60 docker run --rm --network none -v "$socket:$socket" -e DOCKER_HOST -v "$work/tokens:/tokens:ro" \
  studyctl/controller:1 serve --token-file /tokens
expect_said "/results lies in the controller's own container"

# ---- a study over HTTP; what it writes is here
ask() { curl -sS --max-time 30 -H "Authorization: Bearer $ann" "$@"; }
post() { ask -H 'Content-Type: application/yaml' --data-binary "@$1" "$url/api/v1/studies"; }
state_is() { [ "$(ask "$url/api/v1/studies/$1/runs/latest" | jq -r .state)" = "$2" ]; }
up
expect_equal "$(curl -sS -o /dev/null -w '%{http_code}' "$url/api/v1/studies")" 401 "studies without a token"
points=6 a_study sweep 'cat /data/answer >/results/out.txt; sleep 2'
sed -i "s|^      containers:|      volumes: [{name: data, hostPath: {path: $work/data}}]\n&|
  s|^          command:|          volumeMounts: [{name: data, mountPath: /data, readOnly: true}]\n&|" study.yaml
expect_equal "$(post study.yaml | jq -r .result)" created "an apply"
wait_until 30 eval '[ "$(containers_left)" -ge 1 ]'

# ---- the controller begins again, and goes on with what runs
expect_code 0 compose restart controller
wait_until 60 state_is sweep Completed
expect_equal "$(find results/sweep/latest/ -name out.txt -exec cat {} + | sort | uniq -c | xargs)" "6 42" "what the attempts wrote"
expect_equal "$(sqlite3 results/studies.db 'select max(attempt) from jobs')" 1 "attempts of each"
grep -q "source=$work/results/sweep/" "$(find results/sweep/latest/ -name command.txt | head -1)" ||
  fail "the command line has another path than this machine"

# ---- a path that is the controller's own is refused in words
sed "s|path: $work/data|path: /usr|; s/name: sweep/name: own/" study.yaml >own.yaml
post own.yaml >problem
expect_equal "$(jq -r .status problem)" 422 "a path of the controller's container"
jq -r .detail problem | grep -q "hostPath.path: /usr lies in the controller's own container" || fail "the refusal: $(cat problem)"

# ---- it goes, and the machine's own command goes on with what it left
points=3 a_study kept 'sleep 3'
expect_equal "$(post study.yaml | jq -r .result)" created "an apply"
wait_until 30 eval '[ "$(containers_left)" -ge 1 ]'
expect_code 0 compose down
expect_equal "$(docker ps -aq --filter "label=com.docker.compose.project=$project" | wc -l)" 0 "containers of Compose"
[ "$(containers_left)" -ge 1 ] || fail "what ran was not handed over"
expect_code 0 studyctl apply study.yaml
expect_equal "$(sqlite3 results/studies.db "select max(attempt) from jobs where study = 'kept'")" 1 "attempts of each"
expect_equal "$(containers_left)" 0 "containers that are left"

# ---- without root
mkdir own
chown 12345:12345 own 2>/dev/null || chmod 0777 own
chmod 0644 tokens
STUDYCTL_RESULTS=$work/own
export STUDYCTL_USER=12345:12345
STUDYCTL_SOCKET_GROUP=$(stat -c %g "$socket")
export STUDYCTL_SOCKET_GROUP
up
points=2 a_study plain 'echo 1 >/results/out.txt'
expect_equal "$(post study.yaml | jq -r .result)" created "an apply"
wait_until 60 state_is plain Completed
expect_equal "$(stat -c %u own/studies.db)" 12345 "whose the results are"
expect_equal "$(find own/plain/latest/ -name out.txt | wc -l)" 2 "results"
expect_code 0 compose down
expect_equal "$(docker ps -aq --filter "label=com.docker.compose.project=$project" | wc -l)" 0 "containers of Compose"
