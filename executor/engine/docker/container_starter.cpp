#include "engine/docker/container_starter.h"

#include <utility>

#include "engine/docker/api_error.h"

namespace studyctl {
namespace {

constexpr Duration kAgain{200};
constexpr char kInterrupted[] = "the controller or its engine went away while it was being started";

}  // namespace

ContainerStarter::ContainerStarter(EngineParts& parts, std::string container)
    : parts_(parts), container_(std::move(container)), calls_(parts.api) {}

ContainerStarter::~ContainerStarter() {
  leave();
}

void ContainerStarter::start(After after, Callbacks callbacks) {
  after_ = after;
  callbacks_ = std::move(callbacks);
  queue();
}

void ContainerStarter::queue() {
  is_unheard_ = true;
  slot_ = parts_.throttle.enter(StartThrottle::Work::Start,
                                [this] { calls_.after(Duration(0), [this] { post(); }); });
}

void ContainerStarter::cancel(std::function<void()> cancelled) {
  cancelled_ = std::move(cancelled);
  if (!is_unheard_) return;
  calls_.drop_all();
  leave();
  calls_.after(Duration(0), cancelled_);
}

void ContainerStarter::resolve(Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  look({});
}

void ContainerStarter::post() {
  is_unheard_ = false;
  calls_.once(parts_.api.post("/containers/" + container_ + "/start"),
              [this](const Result<HttpResponse>& answer) {
                leave();
                if (!answer && is_unheard(answer.error())) {
                  is_unheard_ = true;
                  if (cancelled_) return std::function<void()>(cancelled_)();
                  calls_.after(kAgain, [this] { queue(); });
                  return;
                }
                if (!answer) return look({});
                if (classify(*answer) == ApiFailure::NoSuchThing) {
                  return tell(&Callbacks::missing, std::string("the engine no longer knows it"));
                }
                if (classify(*answer) != ApiFailure::None) return look(failure_message(*answer));
                if (after_ == After::Look || answer->status != 204) return look({});
                ContainerView view;
                view.id = container_;
                view.state = ContainerView::State::Running;
                view.started_at = parts_.api.loop().clock().now();
                tell(&Callbacks::started, std::move(view));
              });
}

// `failure`: what the engine said to the start, when it refused.
void ContainerStarter::look(std::string failure) {
  calls_.ask(parts_.api.get("/containers/" + container_ + "/json"),
             [this, failure = std::move(failure)](const HttpResponse& response) {
               auto view = parse_container(response.body);
               if (classify(response) == ApiFailure::None && view) return on_view(std::move(*view), failure);
               if (classify(response) == ApiFailure::NoSuchThing) {
                 return tell(&Callbacks::missing, std::string("the engine no longer knows it"));
               }
               calls_.after(kAgain, [this, failure] { look(failure); });
             });
}

void ContainerStarter::on_view(ContainerView view, const std::string& failure) {
  using State = ContainerView::State;
  if (view.state == State::Running || view.state == State::Exited)
    return tell(&Callbacks::started, std::move(view));
  if (view.state == State::Leaving) return tell(&Callbacks::missing, std::string("it is being removed"));
  if (failure.empty()) return remove_unstarted();
  Refusal refusal{Reason::CreateError, failure};
  if (is_device_failure(failure)) refusal.reason = Reason::GpuLost;
  tell(&Callbacks::refused, std::move(refusal));
}

// Without force: the engine refuses that when the container runs after all.
void ContainerStarter::remove_unstarted() {
  calls_.ask(parts_.api.remove("/containers/" + container_ + "?v=true"),
             [this](const HttpResponse& response) {
               switch (classify(response)) {
                 case ApiFailure::None:
                 case ApiFailure::NoSuchThing: return tell(&Callbacks::missing, std::string(kInterrupted));
                 default: calls_.after(kAgain, [this] { look({}); });
               }
             });
}

void ContainerStarter::leave() {
  if (slot_) parts_.throttle.leave(*std::exchange(slot_, std::nullopt));
}

template <class... Arguments, class Function>
void ContainerStarter::tell(Function Callbacks::*which, Arguments... arguments) {
  calls_.drop_all();
  const auto callback = callbacks_.*which;
  callback(std::move(arguments)...);
}

}  // namespace studyctl
