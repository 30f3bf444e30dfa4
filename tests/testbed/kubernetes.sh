#!/usr/bin/env bash
# A real Kubernetes of one node for tests, beside any other on the machine: its own etcd, certificates, ports, and a
# Docker Engine of docker.sh (instance "kubernetes", or "kubernetes-NAME") that its kubelet runs pods with. The node is
# this machine, so a hostPath is a path here; it has two stand-in nvidia.com/gpu, which the scheduler counts and
# no device stands for. Access is decided by RBAC; the kubeconfig is an administrator's.
# usage: tests/testbed/kubernetes.sh up|down|restart|kill|freeze|thaw|kubeconfig|docker|purge [--instance NAME]
#   up       installs what is missing (the first time 5 to 8 minutes), starts all unless the node is ready, prints KUBECONFIG's value
#   down     ends it, and the pods with it; objects and images stay    purge   the same, and deletes its data
#   restart  ends the API server in an orderly way and starts it again  kill    SIGKILL to the API server, nothing else
#   freeze   stops the kubelet where it is (SIGSTOP), as a node that hangs    thaw  lets it go on
#   kubeconfig  prints the path without starting anything               docker  prints DOCKER_HOST's value, for images/build.sh
# The directory is ${STUDYCTL_TESTBED:-/tmp/studyctl-testbed}/kubernetes, with -NAME for another instance.
# kubectl and helm are in ${STUDYCTL_CACHE:-~/.cache/studyctl}/kubernetes-1.20.2.
set -euo pipefail
kind=kubernetes
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/testbed/common.sh
. "$here/common.sh"
parse_options "$@"
programs=${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/kubernetes-1.20.2
docker_instance=kubernetes${instance:+-$instance}
export KUBECONFIG=$dir/kubeconfig

kubectl() { "$programs/kubectl" --request-timeout=10s "$@"; }
answers() { [ -s "$KUBECONFIG" ] && kubectl get --raw /readyz >/dev/null 2>&1; }
node_is_ready() { kubectl get node "$node" 2>/dev/null | grep -q ' Ready'; }
node=studyctl${instance:+-$instance}

# The first of ten ports that nobody listens on, kept from the first start on.
first_port() {
  local start offset port
  if [ ! -s "$dir/ports" ]; then
    start=$(printf %s "$dir" | cksum | cut -d' ' -f1)
    for offset in $(seq 0 199); do
      port=$((24000 + (start + offset) % 200 * 10))
      ss -Hltn | grep -qE ":${port%?}[0-9] " && continue
      grep -sqwF "$port" "$testbed_root"/*/ports && continue
      echo "$port" >"$dir/ports"
      break
    done
  fi
  cat "$dir/ports"
}
port() { echo $(($(first_port) + $1)); }
# Of services: a subnet for each instance, which kube-proxy makes rules of.
services() { echo "10.96.$((($(first_port) - 24000) / 10))"; }
etcd_address() { echo "http://127.0.0.1:$(port 1)"; }

# Where pods reach this machine.
node_address() {
  curl -fsS --unix-socket "${docker#unix://}" http://localhost/networks/bridge | jq -r '.IPAM.Config[0].Gateway'
}

# signed NAME SUBJECT EXTENSIONS: a key and a certificate of our authority.
signed() {
  openssl req -new -newkey rsa:2048 -nodes -keyout "$pki/$1.key" -subj "$2" -out "$pki/$1.csr" 2>/dev/null
  openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 3650 -sha256 \
    -extfile <(echo "$3") -out "$pki/$1.crt" 2>/dev/null
}

write_certificates() {
  pki=$dir/pki
  [ ! -s "$pki/admin.crt" ] || return 0
  mkdir -p "$pki"
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$pki/ca.key" -subj /CN=studyctl-testbed -days 3650 \
    -out "$pki/ca.crt" 2>/dev/null
  openssl genrsa -out "$pki/service-accounts.key" 2048 2>/dev/null
  signed server /CN=kube-apiserver \
    "subjectAltName=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:$(services).1,IP:$(node_address)"
  signed admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
}

write_configuration() {
  cat >"$KUBECONFIG" <<CONF
apiVersion: v1
kind: Config
clusters:
  - name: testbed
    cluster:
      server: https://127.0.0.1:$(port 0)
      certificate-authority-data: $(base64 -w0 "$dir/pki/ca.crt")
users:
  - name: admin
    user:
      client-certificate-data: $(base64 -w0 "$dir/pki/admin.crt")
      client-key-data: $(base64 -w0 "$dir/pki/admin.key")
contexts:
  - name: testbed
    context: {cluster: testbed, user: admin}
current-context: testbed
CONF
  chmod 600 "$KUBECONFIG"
  [ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID" "$KUBECONFIG"
  # No cgroups of pods, which two kubelets would clean away for each other: containers have theirs all the same.
  cat >"$dir/kubelet.yaml" <<CONF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $(node_address)
port: $(port 3)
readOnlyPort: 0
healthzPort: 0
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
makeIPTablesUtilChains: false
failSwapOn: false
hairpinMode: none
maxPods: 200
nodeStatusUpdateFrequency: 2s
serializeImagePulls: false
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: "100Mi"}
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
CONF
}

# What is asked for by accounts of the namespace "audited" is written down, a line each, in audit.log.
write_audit_policy() {
  cat >"$dir/audit.yaml" <<CONF
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
  - {level: Metadata, userGroups: ["system:serviceaccounts:audited"]}
  - {level: None}
CONF
}

import_pause() {
  docker -H "$docker" image inspect studyctl/pause:1 >/dev/null 2>&1 ||
    tar -C "$programs" -c pause | docker -H "$docker" import --change 'ENTRYPOINT ["/pause"]' - studyctl/pause:1 >/dev/null
}

# run NAME COMMAND...: starts a part of it unless it lives.
run() {
  local name=$1
  shift
  [ -n "$(living_pid "$dir/$name.pid")" ] || start_daemon "$dir/$name.pid" "$dir/$name.log" "$@"
}

etcd_up() {
  run etcd etcd --data-dir "$dir/etcd" --unsafe-no-fsync --listen-client-urls "$(etcd_address)" \
    --advertise-client-urls "$(etcd_address)" --listen-peer-urls "http://127.0.0.1:$(port 2)"
  for _ in $(seq 100); do
    ! curl -fs -m 5 "$(etcd_address)/health" >/dev/null || return 0
    sleep 0.1
  done
  fail "etcd did not come up; its log is $dir/etcd.log"
}

apiserver_up() {
  etcd_up
  run apiserver "$programs/kube-apiserver" --etcd-servers="$(etcd_address)" \
    --bind-address=0.0.0.0 --secure-port="$(port 0)" --advertise-address="$(node_address)" \
    --tls-cert-file="$pki/server.crt" --tls-private-key-file="$pki/server.key" --client-ca-file="$pki/ca.crt" \
    --service-account-key-file="$pki/service-accounts.key" --service-account-signing-key-file="$pki/service-accounts.key" \
    --service-account-issuer=https://kubernetes.default.svc --service-cluster-ip-range="$(services).0/24" \
    --authorization-mode=RBAC --allow-privileged=true --kubelet-preferred-address-types=InternalIP \
    --event-ttl=1h --profiling=false --audit-policy-file="$dir/audit.yaml" --audit-log-path="$dir/audit.log"
  await_answer "$dir/apiserver.pid" "$dir/apiserver.log"
}

# kubelet keeps the logs of pods in /var/log, and clears away there what it does not know: each has a /var/log of its
# own, while what it mounts for pods below its directory is seen by Docker.
kubelet_up() {
  mkdir -p "$dir/log" "$dir/kubelet"
  mountpoint -q "$dir/kubelet" || mount --bind "$dir/kubelet" "$dir/kubelet"
  mount --make-shared "$dir/kubelet"
  run kubelet unshare --mount --propagation unchanged bash -c '
    mount --make-private "$(findmnt -no TARGET -T /var/log)"
    mount --bind "$0/log" /var/log
    exec "${@}"' "$dir" \
    "$programs/kubelet" --kubeconfig="$KUBECONFIG" --config="$dir/kubelet.yaml" --root-dir="$dir/kubelet" \
    --cert-dir="$dir/kubelet-pki" --hostname-override="$node" --node-ip="$(node_address)" \
    --container-runtime=docker --docker-endpoint="$docker" --pod-infra-container-image=studyctl/pause:1 \
    --experimental-dockershim-root-directory="$dir/dockershim" --network-plugin= --volume-plugin-dir="$dir/plugins"
}

parts_up() {
  run controller-manager "$programs/kube-controller-manager" --kubeconfig="$KUBECONFIG" --port=0 --secure-port=0 \
    --service-account-private-key-file="$pki/service-accounts.key" --root-ca-file="$pki/ca.crt" \
    --use-service-account-credentials --leader-elect=false --flex-volume-plugin-dir="$dir/plugins"
  run scheduler "$programs/kube-scheduler" --kubeconfig="$KUBECONFIG" --port=0 --secure-port=0 --leader-elect=false
  kubelet_up
  proxy_up
}

# kube-proxy wants 64,000 open files. Where that is not to be had, the one Service that pods need, the API server's, is
# found by two rules of ours.
proxy_up() {
  # shellcheck disable=SC3045
  if (ulimit -n 64000) 2>/dev/null; then
    # Of this mode several can be on a machine: the others rewrite all rules, those of another too.
    run proxy "$programs/kube-proxy" --kubeconfig="$KUBECONFIG" --proxy-mode=userspace --hostname-override="$node" \
      --healthz-bind-address= --metrics-bind-address="127.0.0.1:$(port 4)" --conntrack-max-per-core=0 \
      --oom-score-adj=0
  else
    api_rules -C 2>/dev/null || api_rules -A
  fi
}
# api_rules -A|-C: adds them, looks whether they are there.
api_rules() {
  local chain
  for chain in PREROUTING OUTPUT; do
    iptables -w -t nat "$1" "$chain" -d "$(services).1/32" -p tcp --dport 443 -m comment --comment "$dir" \
      -j DNAT --to-destination "$(node_address):$(port 0)" || return
  done
}
drop_api_rules() {
  local rule
  { iptables -w -t nat -S 2>/dev/null || true; } | tr -d '"' | { grep -F -- "--comment $dir " || true; } |
    while read -r -a rule; do iptables -w -t nat -D "${rule[@]:1}"; done
}

# kubelet takes devices that nobody manages for gone whenever it registers.
add_gpus() {
  local patch='[{"op":"add","path":"/status/capacity/nvidia.com~1gpu","value":"2"}]'
  for _ in $(seq 300); do
    [ "$(kubectl get node "$node" -o 'jsonpath={.status.allocatable.nvidia\.com/gpu}' 2>/dev/null)" != 2 ] || return 0
    kubectl patch node "$node" --subresource=status --type=json -p "$patch" >/dev/null 2>&1 || true
    sleep 0.2
  done
  fail "the node does not get its stand-in devices"
}

up() {
  "$repository/tests/install.sh" kubernetes
  docker=$("$here/docker.sh" up --instance "$docker_instance" {lock_fd}>&-)
  if ! answers || ! node_is_ready; then
    import_pause
    write_certificates
    write_configuration
    write_audit_policy
    apiserver_up
    # What the node was like when it went down is not what it is like: its kubelet registers it anew.
    [ -n "$(living_pid "$dir/kubelet.pid")" ] || kubectl delete node "$node" --ignore-not-found >/dev/null
    parts_up
    for _ in $(seq 300); do
      ! node_is_ready || break
      sleep 0.2
    done
    node_is_ready || fail "the node did not become ready; its log is $dir/kubelet.log"
    add_gpus
  fi
  echo "$KUBECONFIG"
}

# signal_kubelet SIGNAL: to it alone; pods run on.
signal_kubelet() {
  local pid
  pid=$(living_pid "$dir/kubelet.pid")
  [ -z "$pid" ] || kill "-$1" "$pid"
}

down() {
  local part
  signal_kubelet CONT
  drop_api_rules
  for part in proxy kubelet scheduler controller-manager; do stop_daemon "$dir/$part.pid" TERM; done
  stop_daemon "$dir/apiserver.pid" KILL # would wait for watchers
  stop_daemon "$dir/etcd.pid" TERM
  "$here/docker.sh" down --instance "$docker_instance" {lock_fd}>&-
  { findmnt -rno TARGET | grep -F "$dir/kubelet" || true; } | sort -r | xargs -r umount
}

case $verb in
  kubeconfig) echo "$KUBECONFIG" ;;
  docker) "$here/docker.sh" socket --instance "$docker_instance" ;;
  up | down | restart | kill | freeze | thaw | purge)
    become_root "$@"
    lock_instance
    case $verb in
      restart)
        stop_daemon "$dir/apiserver.pid" TERM
        up ;;
      kill) stop_daemon "$dir/apiserver.pid" KILL ;;
      freeze) signal_kubelet STOP ;;
      thaw) signal_kubelet CONT ;;
      purge)
        down
        "$here/docker.sh" purge --instance "$docker_instance" {lock_fd}>&-
        delete_directory ;;
      *) "$verb" ;;
    esac ;;
  -h | --help) usage 0 ;;
  *) usage 4 ;;
esac
