#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/event_loop.h"
#include "service/carrier.h"
#include "store/outbox.h"
#include "store/volume.h"

namespace studyctl {

struct NotifierOptions {
  std::vector<std::string> secret_directories{};
  HttpAddress::Reach reach = HttpAddress::Reach::Anywhere;
  std::vector<std::string> open_hosts{};
};

// Sends what waits in the outbox of a volume, also what was left there by who held it before. It has a thread
// and a loop of its own: nothing that it waits for delays a run, and messages of runs that have ended need
// somebody too. For who holds the volume.
class Notifier {
 public:
  Notifier(ResultsVolume volume, NotifierOptions options);
  // What is under way is dropped, and sent again by the next one.
  ~Notifier();

  // A commit has written messages. Safe from any thread.
  void wake() { loop_.wake(); }

  // Waits until nothing of the run (empty: of any) is left that might be sent within `longest`. What there is
  // of it then. Any thread.
  Result<Outbox::Counts> settle(const std::string& run_id, Duration longest);

 private:
  void run();
  Result<void> send_all();
  void send(const Message& message, const Notification& rule, const std::function<void(Delivery)>& done);
  void forget_secrets(Outbox& outbox);

  const ResultsVolume volume_;
  const NotifierOptions options_;
  SystemClock clock_;
  EventLoop loop_;
  std::vector<std::string> told_;  // runs of which a message was sent, or given up
  std::unique_ptr<Carrier> carrier_;
  std::atomic<bool> is_ending_{false};
  std::thread thread_;
};

}  // namespace studyctl
