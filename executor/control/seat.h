#pragma once

#include <functional>
#include <string>

namespace studyctl {

// Leave to use the machine, where several runs share it. A run asks at every turn of its controller, on the
// control thread.
class Seat {
 public:
  struct Asks {
    bool wants = false;  // something is to be started, now or later
    bool holds = false;  // something is not over yet
  };
  struct Leave {
    bool may_start = true;
    bool give_back = false;  // what runs is to be ended and tried again later
    std::string why{};       // what it waits for: "its turn behind nmr"

    bool operator==(const Leave&) const = default;
  };
  virtual ~Seat() = default;
  virtual Leave ask(const Asks& asks) = 0;
  // Called from any thread when ask() would be answered otherwise; null before the controller is gone.
  virtual void wake_by(std::function<void()> wake) = 0;
};

}  // namespace studyctl
