#!/bin/sh
# Ends in the way that its argument names. Runs as the container's first process, as most workloads do.
result() { echo "{\"attempt\": $STUDY_ATTEMPT}" >"$STUDY_RESULTS/result.json"; }

case $1 in
  succeeds)            result; echo "all is well" ;;
  fails-once)          [ "$STUDY_ATTEMPT" -gt 1 ] || { echo "transient: try again" >&2; exit 1; }
                       result; echo "all is well" ;;
  fails)               echo "no good" >&2; exit 3 ;;
  fails-with-a-record) echo '{"type": "ValueError", "message": "charge must be even, is 3", "traceback": "in solve, in main"}' \
                         >"$STUDY_RESULTS/error.json"; exit 1 ;;
  does-not-fit)        echo "needs 80 GB" >&2; exit 78 ;;
  exits-137)           echo "nobody killed me" >&2; exit 137 ;;
  eats-memory)         exec dd if=/dev/zero of=/dev/null bs=512M count=1 ;;
  child-eats-memory)   dd if=/dev/zero of=/dev/null bs=512M count=1; exit $? ;;
  runs-too-long)       trap 'echo "asked to stop"; exit 143' TERM
                       while true; do echo "still at it"; sleep 1 & wait $!; done ;;
  # The kernel drops a SIGTERM that a container's first process has no handler for.
  ignores-the-signal)  while true; do echo "still at it"; sleep 1; done ;;
  goes-quiet)          echo "last words"; exec sleep 300 ;;
  reports-progress)    for step in 1 2 3 4 5; do
                         echo "{\"fraction\": 0.$((step * 2 - 1)), \"message\": \"step $step of 5\"}" >"$STUDY_RESULTS/.progress"
                         sleep 1
                       done; result; echo "all is well" ;;
  forgets-its-result)  echo "all is well" ;;
  says-it-failed)      result; echo "FATAL: diverged at step 12" ;;
  says-nothing)        result ;;
  *)                   echo "no such behaviour: $1" >&2; exit 1 ;;
esac
