#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/docker/create_body.h"
#include "engine/docker/parts.h"

namespace studyctl {

// Makes one container of an attempt, or finds it by its name when it is there already: image, devices, a
// slot, the call.
class ContainerMaker {
 public:
  struct Made {
    std::string id;
    std::string image_id;
    std::vector<std::string> devices;
    std::optional<ContainerView> found;  // it was there already
    std::vector<std::string> warnings{};

    static Made of(ContainerView view);
  };
  struct Callbacks {
    std::function<void(const std::string& message)> progress;
    std::function<void(Made)> made;
    std::function<void(Refusal)> refused;
  };
  static constexpr int kMain = -1;

  // `index` of the init container, or kMain. `attempt` must outlive it.
  ContainerMaker(EngineParts& parts, const AttemptSpec& attempt, int index);
  ~ContainerMaker();

  // Exactly one of `made` and `refused` is called, unless it is cancelled; a callback may destroy this
  // object.
  void make(Callbacks callbacks);
  // Gives up. A create call that is under way is waited for, since its container must be known to be removed:
  // then `cancelled` is called.
  void cancel(std::function<void()> cancelled);

  const std::string& name() const { return name_; }

 private:
  void find_image();
  void find_devices();
  void queue();
  void post();
  void on_answer(Result<HttpResponse> answer);
  void look_by_name();
  void on_found(const HttpResponse& response);
  void let_go();
  void refuse(Reason reason, std::string message);
  void remove_half_made();
  void finish(Made made);
  ContainerPlan plan() const;

  EngineParts& parts_;
  const AttemptSpec& attempt_;
  const ContainerSpec& container_;
  int index_;
  std::string name_;
  Callbacks callbacks_;
  std::function<void()> cancelled_;
  std::string image_id_;
  std::vector<Device> devices_;
  std::vector<std::string> warnings_;
  std::optional<Images::Ticket> image_ticket_;
  std::optional<Leases::Ticket> lease_ticket_;
  std::optional<StartThrottle::Ticket> slot_;
  bool posting_ = false;
  bool name_is_taken_ = false;  // so said the last answer to a create
  bool image_asked_again_ = false;
  Calls calls_;
};

// The devices that a container's label names.
std::vector<std::string> leased_devices(const ContainerView& view);

// "<id>" or "<id>-i<index>"
std::string container_name(const AttemptId& attempt, int index);

}  // namespace studyctl
