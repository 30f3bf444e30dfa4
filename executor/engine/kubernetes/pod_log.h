#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/kubernetes/cluster_api.h"
#include "io/log_files.h"

namespace studyctl {

// Brings what the main container of one pod says into its directory: it follows a running one, and after the
// end reads what is missing. A cluster mixes both streams, so all of it is stdout. Every reading starts at
// byte 0 and skips what is on disk, so it may break and begin again at will.
class PodLog {
 public:
  PodLog(ClusterApi& api, std::string pod, std::filesystem::path directory);
  ~PodLog();
  PodLog(const PodLog&) = delete;
  PodLog& operator=(const PodLog&) = delete;

  // Follows it until it ends; a stream that breaks is taken up again. `ended` is told when it has come to an
  // end, which it does when the container does, if not for that alone.
  void follow(std::function<void()> ended = {});
  // After the container's end: `done` once all that it said is on disk, or with NotFound when the cluster has
  // lost it. A full disk only delays it. What is followed is first given so long to end by itself: of a pod
  // that is deleted nothing can be read again.
  void finish(Duration patience, std::function<void(Result<void>)> done);

 private:
  enum class Read : uint8_t { Once, Follow };
  enum class End : uint8_t { Clean, Broken, Denied, DiskFailed, Lost };
  void follow_on();
  void read(Read how, std::function<void(End)> done);
  void read_rest();
  void await_leave(std::function<void()> then);
  bool take(std::string_view bytes);
  Result<void> open_files();

  ClusterApi& api_;
  std::string pod_;
  std::filesystem::path directory_;
  std::optional<LogFiles> files_;
  uint64_t skip_ = 0;  // bytes of this reading that are on disk already
  int status_ = 0;
  bool disk_failed_ = false;
  bool is_following_ = false, was_followed_whole_ = false;
  bool is_begun_ = false;  // this reading has brought something
  bool is_lost_ = false;
  std::function<void(Result<void>)> finished_;
  std::function<void()> ended_;
  ClusterApi::Token call_ = 0, timer_ = 0;
};

}  // namespace studyctl
