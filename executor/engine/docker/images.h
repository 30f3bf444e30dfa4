#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/docker/api.h"
#include "model/study.h"

namespace studyctl {

// Sees to it that images are there: one pull at a time for an image, shared by all who wait for it, and few
// at once. Control thread only.
class Images {
 public:
  using Ticket = uint64_t;
  using Progress = std::function<void(const std::string& message)>;
  using Done = std::function<void(Result<std::string> id)>;

  explicit Images(EngineApi& api);
  ~Images();

  // The id of an image that is known to be there and that `policy` does not want pulled again.
  std::optional<std::string> known(const std::string& image, PullPolicy policy) const;
  // Finds or pulls it. `done` gets its id, or a sentence that names the image. Never calls back from within.
  Ticket ensure(const std::string& image, PullPolicy policy, Progress progress, Done done);
  // Calls back no more; a pull that nobody waits for ends.
  void drop(Ticket ticket);
  // It proved not to be there after all.
  void forget(const std::string& image) { known_.erase(image); }

 private:
  struct Waiter {
    Ticket ticket;
    Progress progress;
    Done done;
  };
  struct Work;
  void look(Work& work);
  void queue(Work& work);
  void pull_next();
  void pull(Work& work);
  void log_in(Work& work);
  void request(Work& work, const Result<std::string>& login);
  void on_line(Work& work, std::string_view line);
  void on_pulled(Work& work, const Result<HttpResponse>& answer);
  void look_after_pull(Work& work);
  void finish(Work& work, Result<std::string> result);

  EngineApi& api_;
  std::map<std::string, std::string> known_;  // reference → id
  std::map<std::pair<std::string, PullPolicy>, std::unique_ptr<Work>> works_;
  std::deque<Work*> queue_;
  int pulling_ = 0;
  Ticket next_ticket_ = 1;
};

}  // namespace studyctl
