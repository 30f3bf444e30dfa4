#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/fd.h"
#include "http/wire.h"

namespace studyctl {

// Connections whose answers go on: one thread sends all of them what there is, so that one costs little more
// than its socket. Who takes slowly is asked for nothing more meanwhile, and holds nobody up. Safe from any
// thread.
class Followers {
 public:
  // What there is to say now, perhaps nothing yet; no value ends the answer. Asked on the thread of the
  // followers, every tenth of a second.
  using More = std::function<std::optional<std::string>()>;

  // Who takes nothing for `patience` although there is something is given up.
  explicit Followers(Duration patience) : patience_(patience) {}
  // Cuts off all that are left.
  ~Followers();

  // From here on the answer, whose head has been sent, goes on in chunks (RFC 9112 §7.1).
  void take(Fd connection, std::unique_ptr<Wire> wire, More more);
  size_t count() const;
  // Until none is left, `patience` at most.
  void wait_for_all(Duration patience);

 private:
  struct Follower {
    Fd connection;
    std::unique_ptr<Wire> wire;
    More more;
    std::string unsent{};
    Steady sent_at{};
    bool is_over = false;    // all has been said
    bool was_large = false;  // the last part
  };
  void run();
  void look_after(std::list<Follower>& followers) const;
  bool go_on(Follower& follower) const;
  bool send(Follower& follower) const;

  const Duration patience_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Follower> new_;
  size_t count_ = 0;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace studyctl
