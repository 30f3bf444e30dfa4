#pragma once

#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "base/mailbox.h"
#include "base/result.h"
#include "control/command.h"

namespace studyctl {

// The one door to the control thread for all others. A command is answered once what it decided is on disk.
class Gateway {
 public:
  using Answer = Result<std::string>;  // one sentence for people
  struct Request {
    Command command;
    std::promise<Answer> answer;
  };

  // `wake` makes the control loop turn; it must be safe from any thread.
  explicit Gateway(std::function<void()> wake) : requests_(std::move(wake)) {}

  // Safe from any thread. The future is broken when the controller ends first.
  std::future<Answer> ask(Command command) {
    Request request{std::move(command), {}};
    std::future<Answer> answer = request.answer.get_future();
    requests_.post(std::move(request));
    return answer;
  }

  // Control thread only.
  std::vector<Request> drain() { return requests_.drain(); }

 private:
  Mailbox<Request> requests_;
};

}  // namespace studyctl
