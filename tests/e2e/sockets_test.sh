#!/usr/bin/env bash
# How an engine is reached: a socket that the user may not use, and Podman without a service, which is started for the run.
. "$(dirname "$0")/lib.sh"

points=3
a_study sockets 'echo hello'

# As a user who may not: one sentence that says what to do, and nothing is made.
chmod 755 . && mkdir other && chmod 777 other && cp "$(command -v studyctl)" other/
expect_code 5 setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$PWD/other" \
  other/studyctl --results other/results apply study.yaml
expect_said "Permission denied"
case $engine in docker) expect_said "usermod -aG docker" ;; podman) expect_said "run as root" ;; esac
[ ! -e other/results/sockets ] || fail "something of the refused study was made"
[ "$engine" = podman ] || exit 0

# Podman's own service is started for the run, on the storage of the test bed, and ends with it.
bed=$(dirname "${DOCKER_HOST#unix://}")
sed "s|^\[engine\]|[engine]\ntmp_dir = \"$bed/tmp\"|" "$bed/containers.conf" >containers.conf
printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' \
  "$(curl -fsS --unix-socket "${DOCKER_HOST#unix://}" http://d/v1.41/info | jq -r .Driver)" "$bed/data" "$bed/run" >storage.conf
export CONTAINERS_CONF=$PWD/containers.conf CONTAINERS_STORAGE_CONF=$PWD/storage.conf
export XDG_RUNTIME_DIR=$PWD/runtime && mkdir runtime
services() { find runtime -name 'podman-*.sock' | wc -l; }
own=(env -u DOCKER_HOST studyctl apply study.yaml --engine podman)
[ ! -S /run/podman/podman.sock ] || fail "Podman's own service is on; this test wants it off: systemctl stop podman.socket"

a_study owned 'sleep 2; echo hello' 'parallelism: 1'
"${own[@]}" >owned.log 2>&1 &
pid=$!
cleanups+=("kill $pid 2>/dev/null")
running() { [ "$(jq .counts.Running results/owned/latest/status.json)" -gt 0 ]; }
wait_until 40 running
expect_equal "$(services)" 1 "services while it runs"
service=$(pgrep -f "system service --time=60 unix://$PWD/runtime" | head -n 1)

# Its service dies and is started again; then the controller does, and the next one has a service of its own.
kill -KILL "$service"
another() { pgrep -f "system service --time=60 unix://$PWD/runtime" | grep -v "^$service$"; }
wait_until 10 another
{ kill -KILL "$pid" && wait "$pid"; } 2>/dev/null || true
kill -KILL "$(another | head -n 1)"
expect_code 0 "${own[@]}"
expect_equal "$(jobs_in Succeeded)" 3 "succeeded"
expect_equal "$(sqlite3 results/studies.db 'select sum(attempt) from jobs')" 3 "attempts: the running one was adopted"
expect_equal "$(services)" 0 "sockets of services after the run"
! pgrep -f "system service --time=60 unix://$PWD/runtime" >/dev/null || fail "the service outlives the run"
expect_equal "$(containers_left)" 0 "containers left"
