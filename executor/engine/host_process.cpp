#include "engine/host_process.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr char kPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// The longest target wins: mounts may lie in each other.
std::string on_host(const std::string& text, const std::vector<Mount>& mounts) {
  const Mount* found = nullptr;
  for (const Mount& mount : mounts) {
    const bool is_below = text.starts_with(mount.target) &&
                          (text.size() == mount.target.size() || text[mount.target.size()] == '/');
    if (is_below && (!found || mount.target.size() > found->target.size())) found = &mount;
  }
  return found ? found->source + text.substr(found->target.size()) : text;
}

Result<void> expect_paths(const std::vector<Mount>& mounts, bool are_made) {
  for (const Mount& mount : mounts) {
    if (mount.kind == Mount::Kind::Volume)
      return Error{ErrorCode::Invalid, mount.target + ": volume '" + mount.source +
                                           "' is a container engine's; without one, mount a hostPath"};
    if (mount.kind == Mount::Kind::Memory && !are_made)
      return Error{ErrorCode::Invalid, mount.target +
                                           ": an emptyDir in memory needs a container engine, or mount in "
                                           "execution.process.namespaces; else leave its medium out"};
  }
  return {};
}

class Environment {
 public:
  explicit Environment(std::vector<std::pair<std::string, std::string>>& variables) : variables_(variables) {}

  void add(const std::string& name, const char* value) {
    const bool is_there = std::any_of(variables_.begin(), variables_.end(),
                                      [&](const auto& variable) { return variable.first == name; });
    if (!is_there && value) variables_.emplace_back(name, value);
  }

 private:
  std::vector<std::pair<std::string, std::string>>& variables_;
};

struct User {
  std::string name, home;
};

// Who this process is; looked up once. No name where it has none.
const User& user_of_process() {
  static const User user = [] {
    const passwd* entry = getpwuid(geteuid());
    return entry ? User{entry->pw_name, entry->pw_dir} : User{"", "/"};
  }();
  return user;
}

void complete(std::vector<std::pair<std::string, std::string>>& variables,
              const std::vector<std::string>& inherited) {
  Environment environment(variables);
  for (const std::string& wanted : inherited) environment.add(wanted, std::getenv(wanted.c_str()));
  const User& user = user_of_process();
  const char* name = user.name.empty() ? nullptr : user.name.c_str();
  environment.add("PATH", kPath);
  environment.add("HOME", user.home.c_str());
  environment.add("USER", name);
  environment.add("LOGNAME", name);
  environment.add("SHELL", "/bin/sh");
  environment.add("LANG", "C.UTF-8");
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

// The words of `wrapper` for this container: "--bind={mount}" becomes one for each of its mounts.
std::vector<std::string> wrapper_words(const std::vector<std::string>& wrapper,
                                       const ContainerSpec& container) {
  static const std::string kMount = "{mount}";
  std::vector<std::string> words;
  for (const std::string& pattern : wrapper) {
    const std::string word = replaced(replaced(pattern, "{image}", container.image), "{directory}",
                                      container.working_directory.empty() && !container.mounts.empty()
                                          ? container.mounts.front().target
                                          : container.working_directory);
    if (word.find(kMount) == std::string::npos) {
      words.push_back(word);
      continue;
    }
    for (const Mount& mount : container.mounts)
      words.push_back(
          replaced(word, kMount, mount.source + ":" + mount.target + (mount.read_only ? ":ro" : "")));
  }
  return words;
}

// `module` and `conda` are functions that a login shell of bash reads.
std::vector<std::string> after_setup(const std::string& setup, const std::vector<std::string>& words) {
  const char* shell = access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
  std::vector<std::string> all = {shell, "-l", "-c", setup + "\nexec \"$@\"", shell};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

}  // namespace

OwnNamespaces namespaces_of(const ProcessOptions& options) {
  OwnNamespaces own;
  for (const std::string& name : options.namespaces) {
    own.has_mounts |= name == "mount";
    own.has_processes |= name == "pid";
    own.has_network |= name == "net";
  }
  return own;
}

Result<HostProcess> host_process(const ContainerSpec& container, const ProcessOptions& options) {
  HostProcess process;
  OwnNamespaces& own = process.namespaces = namespaces_of(options);
  if (auto fine = expect_paths(container.mounts, own.has_mounts); !fine) return std::move(fine).error();
  if (own.has_mounts) own.mounts = container.mounts;
  const bool is_wrapped = !options.wrapper.empty() && container.image != kNoImage;
  const bool sees_targets = is_wrapped || own.has_mounts;
  const std::vector<Mount> here = sees_targets ? std::vector<Mount>() : container.mounts;
  for (const auto* words : {&container.command, &container.arguments})
    for (const std::string& word : *words) process.words.push_back(on_host(word, here));
  if (container.command.empty() && !is_wrapped)
    return Error{ErrorCode::Invalid,
                 "command: is not there, and no image is used that could have one; write command: [...]"};
  if (is_wrapped) {
    std::vector<std::string> words = wrapper_words(options.wrapper, container);
    words.insert(words.end(), process.words.begin(), process.words.end());
    process.words = std::move(words);
  }
  if (!options.setup.empty()) process.words = after_setup(options.setup, process.words);
  for (const auto& [name, value] : container.environment)
    if (name != "NVIDIA_VISIBLE_DEVICES")  // the workload does not choose its devices, as with containers
      process.environment.emplace_back(name, on_host(value, here));
  complete(process.environment, options.inherit_env);
  if (!container.working_directory.empty() && !is_wrapped)
    process.directory = on_host(container.working_directory, here);
  else if (!container.mounts.empty())
    process.directory = own.has_mounts ? container.mounts.front().target : container.mounts.front().source;
  return process;
}

}  // namespace studyctl
