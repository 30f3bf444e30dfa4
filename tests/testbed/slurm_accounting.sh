# Sourced by slurm.sh: accounts of an instance, as sites keep them. A MariaDB that listens on a socket in the instance's directory alone,
# and a slurmdbd before it. `dir`, `SLURM_CONF` and common.sh are there.
# shellcheck shell=bash disable=SC2154

# MYSQL_UNIX_PORT is how MariaDB's own library, which slurmdbd calls, is told of another socket than the machine's.
database_socket() { echo "$dir/mariadb.sock"; }

database_up() {
  [ -z "$(living_pid "$dir/mariadbd.pid")" ] || return 0
  if [ ! -d "$dir/mariadb/mysql" ]; then
    mariadb-install-db --no-defaults --user=root --datadir="$dir/mariadb" --auth-root-authentication-method=normal \
      --skip-test-db >"$dir/mariadb-install.log" 2>&1 || { tail -n 20 "$dir/mariadb-install.log" >&2; fail "mariadb-install-db failed"; }
  fi
  start_daemon "$dir/mariadbd.pid" "$dir/mariadbd.log" mariadbd --no-defaults --user=root --datadir="$dir/mariadb" \
    --socket="$(database_socket)" --pid-file="$dir/mariadbd.own.pid" --skip-networking --skip-log-bin \
    --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=0
  for _ in $(seq 100); do
    [ ! -S "$(database_socket)" ] || return 0
    sleep 0.1
  done
  tail -n 20 "$dir/mariadbd.log" >&2
  fail "mariadbd did not come up"
}

# slurmdbd asks a database that is not there yet again after five seconds, and reads no configuration that others may read.
accounts_up() {
  local port=$1
  database_up
  [ -z "$(living_pid "$dir/slurmdbd.pid")" ] || return 0
  (umask 077 && cat >"$dir/slurmdbd.conf") <<CONF
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
DbdHost=$(hostname)
DbdAddr=127.0.0.1
DbdPort=$port
SlurmUser=root
StorageType=accounting_storage/mysql
StorageUser=root
StorageLoc=slurm_acct
PidFile=$dir/slurmdbd.own.pid
LogFile=$dir/slurmdbd.own.log
CONF
  # By its name it is known again: none of its words is the instance's directory.
  MYSQL_UNIX_PORT=$(database_socket) start_daemon "$dir/slurmdbd.pid" "$dir/slurmdbd.log" \
    bash -c 'exec -a "$0" slurmdbd -D -s' "slurmdbd:$dir/"
  for _ in $(seq 100); do
    ! timeout 2 sacctmgr --noheader list cluster >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  tail -n 20 "$dir/slurmdbd.own.log" "$dir/mariadbd.log" >&2
  fail "slurmdbd did not come up"
}

# The cluster is known before slurmctld asks about it. The caller may add accounts and limits of his own.
accounts_for_caller() {
  local user=${SUDO_USER:-root}
  ! sacctmgr --noheader --parsable2 list user "$user" withassoc format=account | grep -qx studyctl || return 0
  sacctmgr --immediate add cluster "$node" >/dev/null || true
  sacctmgr --immediate add account studyctl >/dev/null
  sacctmgr --immediate add user "$user" account=studyctl defaultaccount=studyctl adminlevel=Admin >/dev/null
}

accounts_down() {
  stop_daemon "$dir/slurmdbd.pid" TERM
  stop_daemon "$dir/mariadbd.pid" TERM
}
