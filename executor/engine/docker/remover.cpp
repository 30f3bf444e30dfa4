#include "engine/docker/remover.h"

#include <algorithm>

#include "base/log.h"
#include "engine/docker/api_error.h"

namespace studyctl {
namespace {

constexpr int kTries = 20;
constexpr Duration kPause{200};
constexpr Duration kLongestPause{5000};

}  // namespace

Remover::Remover(EngineApi& api, std::vector<std::string> containers, std::function<void(std::string)> done)
    : api_(api), containers_(std::move(containers)), done_(std::move(done)), calls_(api) {
  next();
}

void Remover::next() {
  tries_ = 0;
  if (!containers_.empty()) return remove();
  calls_.after(Duration(0), [this] {
    const auto done = done_;
    done(failure_);
  });
}

void Remover::remove() {
  calls_.ask(api_.remove("/containers/" + containers_.back() + "?v=true&force=true"),
             [this](const HttpResponse& answer) {
               switch (classify(answer)) {
                 case ApiFailure::None:
                 case ApiFailure::NoSuchThing: containers_.pop_back(); return next();
                 default: again(failure_message(answer));
               }
             });
}

void Remover::again(const std::string& why) {
  if (++tries_ > kTries) {
    log::warning("cannot remove container " + containers_.back() + ": " + why);
    failure_ = why;
    containers_.pop_back();
    return next();
  }
  // Podman gives a running one its stop time first; a kill makes it short.
  if (api_.is_podman()) {
    calls_.ask(api_.post("/containers/" + containers_.back() + "/kill?signal=SIGKILL"),
               [](const HttpResponse&) {});
  }
  calls_.after(std::min(kPause * tries_, kLongestPause), [this] { remove(); });
}

}  // namespace studyctl
