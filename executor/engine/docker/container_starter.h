#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/docker/parts.h"

namespace studyctl {

// Starts one container, and says what became of that: the one place where a start call is made. An engine
// hears it once: only a call that nobody listened to is made again, and one whose answer was lost never,
// since it may be under way.
class ContainerStarter {
 public:
  struct Callbacks {
    std::function<void(ContainerView)> started;  // it runs, or has run
    std::function<void(Refusal)> refused;        // it never ran, and never will
    std::function<void(std::string)> missing;    // there is no such container (any more), and it did not run
  };

  ContainerStarter(EngineParts& parts, std::string container);
  ~ContainerStarter();

  // Look: inspects what was started. Trust: takes the engine's word, and `started` gets a view with nothing
  // in it but what that says; for those that are inspected anyway before long.
  enum class After : uint8_t { Look, Trust };
  // Exactly one callback is called; it may destroy this object.
  void start(After after, Callbacks callbacks);
  // A start was intended, and nobody knows whether it came to the call: finds out. One that has not run is
  // removed.
  void resolve(Callbacks callbacks);
  // Gives up a start that the engine has not heard yet, and calls `cancelled`, which may destroy this object.
  // One that it may have heard goes on to what comes of it.
  void cancel(std::function<void()> cancelled);

 private:
  void queue();
  void post();
  void look(std::string failure);
  void on_view(ContainerView view, const std::string& failure);
  void remove_unstarted();
  void leave();
  template <class... Arguments, class Function>
  void tell(Function Callbacks::*which, Arguments... arguments);

  EngineParts& parts_;
  std::string container_;
  Callbacks callbacks_;
  After after_ = After::Look;
  std::function<void()> cancelled_;
  bool is_unheard_ = false;  // start() was called, and the engine has not heard it
  std::optional<StartThrottle::Ticket> slot_;
  Calls calls_;
};

}  // namespace studyctl
