#!/usr/bin/env bash
# The alert rules in manifests/ are ones, and each fires for its cause.
set -euo pipefail
cd "$(dirname "$0")"
promtool=${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/prometheus/usr/bin/promtool
"$promtool" check rules ../../manifests/prometheus-rules.yaml
"$promtool" test rules prometheus-rules_test.yaml
