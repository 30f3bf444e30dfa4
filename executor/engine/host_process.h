#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "model/study.h"

namespace studyctl {

// The image of a workload that wants none: `image: none`.
inline constexpr char kNoImage[] = "none";

// What a process does not share with the machine: namespaces(7).
struct OwnNamespaces {
  bool has_mounts = false;     // `mounts` are made at their targets, for it alone
  bool has_processes = false;  // it sees its own alone, and they end with it
  bool has_network = false;    // with a loopback and nothing else
  std::vector<Mount> mounts{};
};

// A container's workload as a process of a machine, where no container engine is.
struct HostProcess {
  std::vector<std::string> words;  // the program first; looked up in PATH when it has no slash
  std::vector<std::pair<std::string, std::string>> environment;  // all of it
  std::filesystem::path directory;                               // where it begins, as it sees it
  OwnNamespaces namespaces{};
};

// What `options` want, without the mounts.
OwnNamespaces namespaces_of(const ProcessOptions& options);

// Mounts are not made, unless `options` has the namespace for them: a word or a variable's value that is a
// mount's target, or a path below one, becomes the path of the host that would be seen there; what only has
// such a path somewhere inside stays as it is. It begins in the working directory, or in the source of the
// first mount, where its results go. The environment is the container's, what `options` inherits of this
// process's, and PATH, HOME, USER, LOGNAME, SHELL and LANG where neither has them. The set-up runs before it
// in a login shell, which then becomes the workload. Where `options` has a wrapper and the container an
// image, the wrapper runs it, and makes the mounts. Invalid: there is no command, since there is no image to
// have one; or a mount that no process can have here.
Result<HostProcess> host_process(const ContainerSpec& container, const ProcessOptions& options);

}  // namespace studyctl
