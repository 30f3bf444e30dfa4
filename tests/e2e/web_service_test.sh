#!/usr/bin/env bash
# The page of `studyctl serve` in a real browser: by tokens, all that may be done with a study, through a kill of the service.
# Pictures of it are kept as those of web_test.sh are.
. "$(dirname "$0")/lib.sh"

web=$top/tests/web
export STUDYCTL_SCREENSHOTS=${STUDYCTL_SCREENSHOTS:-${TMPDIR:-/tmp}/studyctl-screenshots}/$engine
echo "screenshots: $STUDYCTL_SCREENSHOTS"

studyctl token ann --role operator >tokens 2>ann
studyctl token bob >>tokens 2>bob
cat >up <<'UP'
: >service.log
studyctl serve --listen "127.0.0.1:$1" --token-file tokens >service.log 2>&1 &
echo $! >service.pid
until grep -q 'serves ' service.log; do sleep 0.1; done
UP
cleanups+=('kill -KILL "$(cat service.pid)" 2>/dev/null')
timeout 30 bash up 0 || fail "no service"
url=$(grep -oE 'http://127.0.0.1:[0-9]*' service.log)
node "$web/service.mjs" "$url" "$(grep -o 'sctl_[0-9a-f]*' ann)" "$(grep -o 'sctl_[0-9a-f]*' bob)" \
  "kill -KILL $(cat service.pid)" "timeout 30 bash up ${url##*:}" || fail "the page of a service"
wait_until 30 eval '[ "$(containers_left)" = 0 ]'
