#pragma once

#include <map>
#include <string>

#include "engine/kubernetes/cluster_api.h"
#include "study/study_source.h"

namespace studyctl {

// What a Study of a cluster refers to, read from its namespace. Waits for each answer; one thread.
class ClusterReader {
 public:
  explicit ClusterReader(ClusterAccess access);

  // Reads and checks it, with the ConfigMaps and Secrets that it names. Invalid: every problem, a line each.
  Result<std::unique_ptr<LoadedStudy>> load(const std::string& name, const std::string& manifest);

 private:
  using Data = std::map<std::string, std::string>;
  Result<std::string> get(const std::string& kind, const std::string& name);
  Result<void> add_secrets(LoadedStudy& study);

  SystemClock clock_;
  EventLoop loop_;
  ClusterApi api_;
};

}  // namespace studyctl
