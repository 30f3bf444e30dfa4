#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/kubernetes/access.h"
#include "io/event_loop.h"
#include "io/subprocess.h"

namespace studyctl {

// As whom a cluster is asked, as it is now: a kubeconfig, a file or a program may say another thing later.
// Lives on the loop's thread; destroying it calls nobody back.
class ClusterCredentials {
 public:
  ClusterCredentials(EventLoop& loop, ClusterAccess access);
  ~ClusterCredentials();

  // At once where they are known; else from the loop, once a program has given them or could not.
  void when_known(std::function<void(const Result<void>&)> ready);
  // The cluster knew nobody by the credentials of `version`, or there was no speaking to it: whether there
  // are others now, or may be.
  bool renew(uint64_t version);

  // Another number with other credentials.
  uint64_t version() const { return version_; }
  const std::string& token() const { return token_; }
  // With the certificate that is shown to it.
  const HttpAddress& address() const { return access_.address; }
  const ClusterAccess& access() const { return access_; }

 private:
  bool is_stale() const;
  void read_token();
  bool reread();
  void run_program();
  void on_given(const Result<GivenCredentials>& given);

  EventLoop& loop_;
  ClusterAccess access_;
  uint64_t version_ = 1;
  std::string token_;
  std::optional<Steady> token_read_at_;
  std::optional<Instant> expires_;
  bool is_given_ = false;           // by the program
  std::optional<Steady> asked_at_;  // the program, last
  std::optional<Error> failure_;    // of it, then
  std::vector<std::function<void(const Result<void>&)>> waiting_;
  std::unique_ptr<ProgramTask> task_;
};

}  // namespace studyctl
