#include "engine/slurm/batch_script.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>

#include "engine/docker/command_line.h"
#include "engine/host_process.h"
#include "engine/slurm/submission.h"

namespace studyctl {
namespace {

constexpr char kHead[] = R"bash(#!/bin/bash
# The tasks of a studyctl job array. Task i runs what lies in the i-th directory of this list.
home=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" <<'HOMES'
)bash";

// `wait` is broken off by a signal that is trapped: then it is asked again. Its answer stays the same.
constexpr char kBody[] = R"bash(HOMES
)
cd -- "$home" || exit 75
host=$(hostname)
child='' told='' killer=''

to_child() {
  [ -z "$child" ] || kill "-$1" -- "-$child" 2>/dev/null || kill "-$1" "$child" 2>/dev/null
}
tell_end() {
  broken_off=1
  told=${told:-$1}
  to_child TERM
}
end_now() {
  broken_off=1
  told=${told:-KILL}
  to_child KILL
}
# At its time limit, or because others go first: what is left of its time tells.
end_by_slurm() {
  tell_end TERM
  timeout 5 squeue --noheader --job "$SLURM_JOB_ID" --format=%L >left 2>/dev/null </dev/null &
  [ -n "$killer" ] || { (sleep "$grace"; kill -USR2 $$) & killer=$!; }
}
trap 'tell_end USR1' USR1
trap end_now USR2
trap end_by_slurm TERM

now() { date -u +%Y-%m-%dT%H:%M:%S.%3NZ; }
put() {
  local name=$1
  shift
  printf '%s\n' "host=$host" "job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" "$@" >"$home/$name.part" &&
    mv -f "$home/$name.part" "$home/$name"
}

# How often the kernel has killed in this job for lack of memory.
memory_kills() {
  local path
  path=$(sed -n 's/^[0-9]*:\([^:]*,\)*memory\(,[^:]*\)*://p' /proc/self/cgroup)
  if [ -n "$path" ]; then
    sed -n 's/^oom_kill //p' "/sys/fs/cgroup/memory$path/memory.oom_control"
  else
    sed -n 's/^oom_kill //p' "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/memory.events"
  fi 2>/dev/null
}

refuse() {
  put refused "refused=CreateError" "message=$1"
  exit 127
}
# In a subshell, which becomes the workload: become FUNCTION
become() {
  local program
  "$1"
  cd -- "$directory" 2>/dev/null || refuse "the working directory $directory is not on $host"
  program=${words[0]}
  [[ $program == */* ]] || program=$(type -P -- "$program")
  [ -f "$program" ] && [ -x "$program" ] || refuse "the command ${words[0]} is not on $host, or not executable"
  [ "$1" != main ] || put started "started=$(now)"
  exec setsid -- "${words[@]}"
}
# run FUNCTION OUT ERR: sets code.
run() {
  begun=$(now)
  rm -f "$2" "$3"
  become "$1" >>"$2" 2>>"$3" </dev/null &
  child=$!
  [ -z "$told" ] || to_child TERM
  broken_off=1
  while [ -n "$broken_off" ]; do
    broken_off=''
    wait "$child"
    code=$?
  done
  kill -KILL -- "-$child" 2>/dev/null
  child=''
}
finish() {
  [ -z "$killer" ] || kill "$killer" 2>/dev/null
  for ((i = 0; i < 60; i++)); do  # a disk or a quota may be full for a while
    put exit "$@" || [ ! -d "$home" ] && break
    sleep 5
  done
  exit "$code"
}

# Somebody has requeued it: what ran before has been killed, and another attempt follows it.
note_requeue() {
  [ "${SLURM_RESTART_COUNT:-0}" != 0 ] && [ ! -e withdrawn ] && [ ! -e exit ] || return
  if [ -e started ]; then
    put exit code=137 "$(grep ^started= started)" "finished=$(now)" told=REQUEUE
  else
    put exit refused=Interrupted "message=was requeued in Slurm"
  fi
}
mv -T command taken 2>/dev/null || { note_requeue; exit 0; }  # else it was withdrawn, or has run
. ./taken
rm -f taken
[ ${#init_names[@]} = 0 ] || put begun
for ((i = 0; i < ${#init_names[@]}; i++)); do
  run "init_$i" "$logs/init-$i.log" "$logs/init-$i.log"
  [ ! -e refused ] || finish "$(grep ^refused= refused)" "$(grep ^message= refused)"
  [ -z "$told" ] || finish refused=Cancelled "message=was cancelled"
  [ "$code" = 0 ] || finish refused=Error "message=init container $i (${init_names[i]}) exited $code"
done
run main "$logs/stdout.log" "$logs/stderr.log"
[ ! -e refused ] || finish "$(grep ^refused= refused)" "$(grep ^message= refused)"
finish "code=$code" "started=$begun" "finished=$(now)" "told=$told" "left=$(cat left 2>/dev/null)" \
  "memory_kills=$(memory_kills)"
)bash";

// What bash lets nobody export, or keeps a meaning of its own for.
bool may_be_exported(const std::string& name) {
  static constexpr std::array<std::string_view, 13> kBashs = {
      "UID",     "EUID",   "PPID",   "SHELLOPTS", "PWD", "OLDPWD",  "RANDOM",
      "SECONDS", "LINENO", "GROUPS", "FUNCNAME",  "IFS", "DIRSTACK"};
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) || name.starts_with("BASH"))
    return false;
  const bool is_word = std::all_of(name.begin(), name.end(), [](char c) {
    return c == '_' || std::isalnum(static_cast<unsigned char>(c));
  });
  return is_word && std::find(kBashs.begin(), kBashs.end(), name) == kBashs.end();
}

Result<std::string> function_of(const std::string& name, ContainerSpec container, const AttemptSpec& spec,
                                const ProcessOptions& options) {
  tell_cpus(container);
  auto made = host_process(container, options);
  if (!made) return std::move(made).error();
  const HostProcess& process = *made;
  std::string text = name + "() {\n";
  std::string words;
  for (const auto& [variable, value] : process.environment) {
    if (may_be_exported(variable)) {
      text += "  export " + variable + "=" + shell_quote(value) + "\n";
    } else {
      words += " " + shell_quote(variable + "=" + value);
    }
  }
  if (!words.empty()) words = " env" + words;
  for (const std::string& word : process.words) words += " " + shell_quote(word);
  const std::filesystem::path& directory = process.directory.empty() ? spec.directory : process.directory;
  text += "  directory=" + shell_quote(directory.string()) + "\n";
  return text + "  words=(" + words.substr(1) + ")\n}\n";
}

}  // namespace

std::string batch_script(std::span<const std::filesystem::path> homes) {
  std::string text = kHead;
  for (const std::filesystem::path& home : homes) text += home.string() + "\n";
  return text + kBody;
}

Result<std::string> command_file(const AttemptSpec& spec, const ProcessOptions& options) {
  if ((spec.directory.string() + spec.scratch.string()).find('\n') != std::string::npos)
    return Error{ErrorCode::Invalid, "a results directory with a line break in its name cannot be used here"};
  std::string names, functions;
  for (size_t i = 0; i < spec.init.size(); ++i) {
    auto function = function_of("init_" + std::to_string(i), spec.init[i], spec, options);
    if (!function) return std::move(function).error().within("init container " + spec.init[i].name);
    names += " " + shell_quote(spec.init[i].name);
    functions += *function;
  }
  auto main = function_of("main", spec.main, spec, options);
  if (!main) return main;
  const auto grace = std::chrono::ceil<std::chrono::seconds>(spec.grace).count();
  return "logs=" + shell_quote(spec.directory.string()) + "\ngrace=" + std::to_string(grace) +
         "\ninit_names=(" + (names.empty() ? names : names.substr(1)) + ")\n" + functions + *main;
}

}  // namespace studyctl
