#include "engine/docker/exit_watch.h"

#include <algorithm>

#include "base/fd.h"
#include "engine/docker/api_error.h"

namespace studyctl {
namespace {

// Docker tells of an end by an event some 50 ms after the process is gone, and knows nothing before.
constexpr Duration kDockerKnows{250};
constexpr Duration kPodmanKnows{8};
constexpr Duration kFirstLook{200};
constexpr Duration kShortest{20};
// With growing pauses, some three seconds.
constexpr int kLooks = 8;
constexpr Duration kLongest{1000};

// Pids are used again, and may be of another pid namespace: the process's cgroup names its container.
bool is_process_of(int pid, const std::string& container) {
  return read_or_empty("/proc/" + std::to_string(pid) + "/cgroup").find(container) != std::string::npos;
}

}  // namespace

ExitWatch::ExitWatch(EngineApi& api, std::string container, Callbacks callbacks)
    : api_(api),
      container_(std::move(container)),
      callbacks_(std::move(callbacks)),
      pause_(kShortest),
      calls_(api) {}

ExitWatch::~ExitWatch() {
  if (process_) api_.loop().cancel_process_watch(*process_);
}

void ExitWatch::begin(const ContainerView& view) {
  if (view.state == ContainerView::State::Exited) {
    calls_.after(Duration(0), [this, view] {
      const auto ended = callbacks_.ended;
      ended(view);
    });
    return;
  }
  if (view.pid > 0) return watch_process(view.pid);
  calls_.after(kFirstLook, [this] { hint(); });
}

// Watched first and identified then: a pid that changed hands in between is not taken for the container's.
void ExitWatch::watch_process(int pid) {
  watched_ = true;
  if (!api_.endpoint().is_local()) return;
  auto watch = api_.loop().on_process_end(pid, [this] {
    process_.reset();
    on_process_end();
  });
  if (!watch) return;
  process_ = *watch;
  if (is_process_of(pid, container_)) {
    if (callbacks_.identified) callbacks_.identified(pid);
    return;
  }
  api_.loop().cancel_process_watch(*process_);
  process_.reset();
  // It may be gone already, which the engine learns soon; or be of another pid namespace, where events and
  // listing must do.
  looks_left_ = kLooks;
  calls_.after(kShortest, [this] { hint(); });
}

void ExitWatch::on_process_end() {
  process_ended_ = true;
  calls_.after(api_.is_podman() ? kPodmanKnows : kDockerKnows, [this] { hint(); });
}

void ExitWatch::hint() {
  if (looking_) {
    hinted_ = true;
    return;
  }
  look();
}

void ExitWatch::look() {
  looking_ = true;
  hinted_ = false;
  calls_.ask(api_.get("/containers/" + container_ + "/json"), [this](const HttpResponse& response) {
    looking_ = false;
    if (classify(response) == ApiFailure::NoSuchThing) {
      const auto missing = callbacks_.missing;
      return missing();
    }
    auto view = parse_container(response.body);
    if (!view || view->state == ContainerView::State::Leaving) return look_again();
    if (view->state == ContainerView::State::Running) {
      if (!watched_ && view->pid > 0) watch_process(view->pid);
      if (process_ended_ || hinted_ || --looks_left_ >= 0) look_again();
      return;
    }
    // A crash of the engine before it wrote the start down leaves a container that ran as created.
    const auto ended = callbacks_.ended;
    ended(std::move(*view));
  });
}

void ExitWatch::look_again() {
  looking_ = true;
  calls_.after(pause_, [this] { look(); });
  pause_ = std::min(pause_ * 2, kLongest);
}

}  // namespace studyctl
