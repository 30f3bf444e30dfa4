#include "engine/docker/container_maker.h"

#include "base/text.h"
#include "engine/docker/api_error.h"
#include "engine/part_names.h"

namespace studyctl {
namespace {

constexpr Duration kAgain{300};

Error with_name(const std::string& image, Error error) {
  if (error.message.find(image) == std::string::npos) error.message = "image " + image + ": " + error.message;
  return error;
}

}  // namespace

std::string container_name(const AttemptId& attempt, int index) {
  return index == ContainerMaker::kMain ? attempt.text : name_of_init(attempt, static_cast<size_t>(index));
}

std::vector<std::string> leased_devices(const ContainerView& view) {
  const auto label = view.labels.find(kDevicesLabel);
  return label == view.labels.end() ? std::vector<std::string>() : split(label->second, ',');
}

ContainerMaker::Made ContainerMaker::Made::of(ContainerView view) {
  return {view.id, view.image_id, leased_devices(view), std::move(view), {}};
}

ContainerMaker::ContainerMaker(EngineParts& parts, const AttemptSpec& attempt, int index)
    : parts_(parts),
      attempt_(attempt),
      container_(index == kMain ? attempt.main : attempt.init.at(static_cast<size_t>(index))),
      index_(index),
      name_(container_name(attempt.id, index)),
      calls_(parts.api) {}

ContainerMaker::~ContainerMaker() {
  let_go();
}

void ContainerMaker::make(Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  calls_.after(Duration(0), [this] {
    if (auto checked = check_container(container_, parts_.api.endpoint()); !checked) {
      return refuse(Reason::CreateError, checked.error().message);
    }
    find_image();
  });
}

void ContainerMaker::cancel(std::function<void()> cancelled) {
  cancelled_ = std::move(cancelled);
  if (posting_) return;
  calls_.drop_all();
  let_go();
  calls_.after(Duration(0), [cancelled = cancelled_] { cancelled(); });
}

void ContainerMaker::find_image() {
  if (auto id = parts_.images.known(container_.image, container_.pull_policy)) {
    image_id_ = std::move(*id);
    return find_devices();
  }
  image_ticket_ = parts_.images.ensure(
      container_.image, container_.pull_policy,
      [this](const std::string& message) { callbacks_.progress(message); },
      [this](Result<std::string> id) {
        image_ticket_.reset();
        if (!id) return refuse(Reason::ImagePull, with_name(container_.image, id.error()).message);
        image_id_ = std::move(*id);
        find_devices();
      });
}

void ContainerMaker::find_devices() {
  const bool waits_for_heat = attempt_.device_rules.cooler_than.has_value();
  if (index_ != kMain || (attempt_.devices.empty() && !waits_for_heat)) return queue();
  lease_ticket_ = parts_.leases.acquire(
      {attempt_.devices, attempt_.device_rules,
       [this](const std::string& warning) { warnings_.push_back(warning); }},
      [this](const std::string& message) { callbacks_.progress(message); },
      [this](Result<std::vector<Device>> devices) {
        if (!devices) {
          lease_ticket_.reset();
          return refuse(Reason::GpuLost, devices.error().message);
        }
        devices_ = std::move(*devices);
        // No slot is waited for while the machine's leases are locked.
        post();
      });
}

void ContainerMaker::queue() {
  slot_ = parts_.throttle.enter(StartThrottle::Work::Create, [this] {
    // The slot may come from within enter(), before its ticket is known.
    calls_.after(Duration(0), [this] { post(); });
  });
}

ContainerPlan ContainerMaker::plan() const {
  ContainerPlan plan{attempt_, container_, attempt_.labels, devices_};
  if (index_ != kMain) plan.labels["studyctl.io/init"] = std::to_string(index_);
  if (!parts_.options.boot.empty()) plan.labels[kBootLabel] = parts_.options.boot;
  std::vector<std::string> names;
  for (const Device& device : devices_) names.push_back(device.name());
  if (!names.empty()) plan.labels[kDevicesLabel] = join(names, ",");
  return plan;
}

void ContainerMaker::post() {
  const Endpoint& endpoint = parts_.api.endpoint();
  if (auto checked = check_devices(devices_, endpoint); !checked) {
    return refuse(Reason::CreateError, checked.error().message);
  }
  posting_ = true;
  HttpRequest request =
      endpoint.is_podman() && needs_libpod(devices_)
          ? parts_.api.libpod_post("/containers/create", libpod_create_body(plan(), endpoint))
          : parts_.api.post("/containers/create?name=" + name_, create_body(plan(), endpoint));
  request.may_be_repeated = true;  // the name is taken then, and its owner is found by it
  calls_.once(std::move(request), [this](Result<HttpResponse> answer) { on_answer(std::move(answer)); });
}

void ContainerMaker::on_answer(Result<HttpResponse> answer) {
  posting_ = false;
  if (cancelled_) {
    let_go();
    const auto cancelled = cancelled_;
    return cancelled();
  }
  if (!answer) {
    let_go();
    calls_.after(kAgain, [this] { look_by_name(); });
    return;
  }
  switch (classify(*answer)) {
    case ApiFailure::None: break;
    case ApiFailure::NameTaken: name_is_taken_ = true; return look_by_name();
    case ApiFailure::NoSuchImage:
      if (image_asked_again_) return refuse(Reason::ImagePull, failure_message(*answer));
      image_asked_again_ = true;
      let_go();
      parts_.images.forget(container_.image);
      return find_image();
    default: return refuse(Reason::CreateError, failure_message(*answer));
  }
  auto id = parse_created(answer->body);
  if (!id) return refuse(Reason::CreateError, id.error().message);
  Made made{std::move(*id), image_id_, {}, std::nullopt, std::move(warnings_)};
  for (const Device& device : devices_) made.devices.push_back(device.name());
  finish(std::move(made));
}

void ContainerMaker::look_by_name() {
  calls_.ask(parts_.api.get("/containers/" + name_ + "/json"),
             [this](const HttpResponse& response) { on_found(response); });
}

// Only a container with this attempt's own labels is this attempt's.
void ContainerMaker::on_found(const HttpResponse& response) {
  if (classify(response) == ApiFailure::NoSuchThing) {
    let_go();
    return std::exchange(name_is_taken_, false) ? remove_half_made() : find_devices();
  }
  auto view = parse_container(response.body);
  if (classify(response) != ApiFailure::None || !view)
    return refuse(Reason::CreateError, failure_message(response));
  for (const auto& [key, value] : attempt_.labels) {
    const auto found = view->labels.find(key);
    if (found != view->labels.end() && found->second == value) continue;
    return refuse(Reason::CreateError, "there is a container called " + name_ + " already, and its label " +
                                           key + " is not this attempt's; remove it if it is not needed");
  }
  finish(Made::of(std::move(*view)));
}

// A Podman that was killed while it made a container has its name in the storage and knows nothing of it; a
// removal finds it there. It has never run.
void ContainerMaker::remove_half_made() {
  const std::string force = parts_.api.endpoint().is_podman() ? "&force=true" : "";
  calls_.ask(parts_.api.remove("/containers/" + name_ + "?v=true" + force),
             [this](const HttpResponse&) { calls_.after(kAgain, [this] { find_devices(); }); });
}

void ContainerMaker::finish(Made made) {
  let_go();
  const auto done = callbacks_.made;
  done(std::move(made));
}

void ContainerMaker::let_go() {
  if (image_ticket_) parts_.images.drop(*std::exchange(image_ticket_, std::nullopt));
  if (slot_) parts_.throttle.leave(*std::exchange(slot_, std::nullopt));
  if (lease_ticket_) parts_.leases.release(*std::exchange(lease_ticket_, std::nullopt));
}

void ContainerMaker::refuse(Reason reason, std::string message) {
  let_go();
  const auto refused = callbacks_.refused;
  refused({reason, std::move(message)});
}

}  // namespace studyctl
