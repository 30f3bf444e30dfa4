#!/usr/bin/env bash
# Every example ends as its README says.
. "$(dirname "$0")/lib.sh"

example() {
  local name=$1 code=$2 succeeded=$3
  rm -rf results
  expect_code "$code" studyctl apply "$top/examples/$name/study.yaml"
  expect_equal "$(jobs_in Succeeded)" "$succeeded" "$name: repetitions that succeeded"
  expect_equal "$(wc -l <"results/$name/latest/results.jsonl")" "$succeeded" "$name: rows of results"
  expect_equal "$(containers_left)" 0 "$name: containers left"
  expect_code 0 studyctl results "$name"
}

example quickstart 0 54
expect_equal "$(jq -s 'map(select(.metrics.ratio > 1)) | length' results/quickstart/latest/results.jsonl)" 54 "ratios over 1"
example nmr-benchmark 0 16
example structure-screening 1 15
example sort-benchmark 0 40
expect_equal "$(studyctl results sort-benchmark --by tool --baseline tool=sort -o jsonl | jq -c 'select(.pairs > 0) | .pairs')" 10 "cycles compared"
example ci-until-tight 0 76  # the blocks follow from the seed: on every machine the same stop early
expect_equal "$(studyctl results ci-until-tight --by input,blocks -o jsonl | jq -c .n | paste -sd ' ')" "18 5 20 5 20 8" "cycles that each wanted"
example retry-and-timeouts 1 3
expect_equal "$(sqlite3 results/studies.db "select count(*) from jobs where reason = 'OOMKilled'")" 2 "killed for lack of memory"
for reason in Timeout Stalled ResultMissing CheckFailed CreateError Error; do
  [ "$(sqlite3 results/studies.db "select count(*) from jobs where reason = '$reason'")" -gt 0 ] || fail "none ended with $reason"
done

# Its receiver, at a port that is free here.
export STUDYCTL_SECRET_RECEIVER_HMAC=key-of-this-test
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$top/examples/notifications/receive.py" "$port" >told 2>receiver.log &
receiver=$!
cleanups+=('kill "$receiver" 2>/dev/null')
rm -rf results
sed "s|127.0.0.1:9000|127.0.0.1:$port|" "$top/examples/notifications/study.yaml" >told.yaml
wait_until 30 studyctl notify --test told.yaml
expect_code 1 studyctl apply told.yaml
expect_equal "$(cut -d' ' -f5 told | paste -sd ' ')" "Test ExperimentFailed CompletedWithFailures" "what the receiver was told"
kill "$receiver"

# A slice of the ten thousand.
rm -rf results
cp -r "$top/examples/screening-10k" screening
screening/make_structures.py 10000 >screening/structures.csv
expect_code 0 studyctl plan screening/study.yaml --count
expect_equal "$(cat "$work/out")" 10000 "screening-10k: experiments"
expect_code 3 studyctl apply screening/study.yaml --at-most 20
expect_equal "$(jobs_in Succeeded)" 20 "screening-10k: repetitions that succeeded"

# The smaller batch of llm-efficiency, with few tokens: whoever chooses them, they are the same for one model.
rm -rf results
llm=$top/examples/llm-efficiency/study.yaml
expect_code 0 studyctl apply "$llm" --cycles 1 --no-cooldown --param batch=1 --param tokens=8
expect_equal "$(jobs_in Succeeded)" 8 "llm-efficiency: repetitions that succeeded"
expect_equal "$(jq -s 'map([.parameters.width, .metrics.checksum]) | unique | length' results/llm-efficiency/latest/results.jsonl)" 2 "texts that 2 models wrote"

# The same file with a GPU: all but CUDA itself, with stand-ins for a device and for NVIDIA's library, and the image for
# CPUs under the other one's name.
image=pytorch/pytorch tag=2.5.1-cuda12.4-cudnn9-runtime
images() { curl -fsS --unix-socket "${DOCKER_HOST#unix://}" -X "$1" "http://localhost/v1.41/images/$2" >/dev/null; }
images POST "studyctl/torch:1/tag?repo=$image&tag=$tag"
cleanups+=("images DELETE $image:$tag")
mkdir lib
ln -s "$(dirname "$(command -v studyctl)")/tests/libstand_in_nvml.so" lib/libnvidia-ml.so.1
printf '%s\n' '0 uuid GPU-test-0' '0 temperature 40' '0 throttles 0' >nvml
options=(--lease-dir "$work/leases")
[ "$engine" = podman ] || options+=(--gpus 0)
rm -rf results
expect_code 3 env LD_LIBRARY_PATH="$work/lib" STAND_IN_NVML="$work/nvml" studyctl apply "$llm" --param torch.device=cuda \
  --param backend=torch,numpy --at-most 1 "${options[@]}"
expect_equal "$(sqlite3 results/studies.db 'select devices from attempts')" '["nvidia.com/gpu=0"]' "llm-efficiency: the device it has"
expect_code 0 studyctl describe llm-efficiency
expect_said "Torch not compiled with CUDA enabled"
