#include "engine/docker/remover.h"

#include <algorithm>

#include "base/log.h"
#include "engine/docker/api_error.h"
#include "engine/docker/api_json.h"

namespace studyctl {
namespace {

constexpr int kTries = 20;
constexpr Duration kPause{200};
constexpr Duration kLongestPause{5000};

}  // namespace

Remover::Remover(EngineApi& api, std::string volume, Doomed doomed, std::function<void(std::string)> done)
    : api_(api), volume_(std::move(volume)), doomed_(std::move(doomed)), done_(std::move(done)), calls_(api) {
  next();
}

void Remover::next() {
  tries_ = 0;
  if (!doomed_.ids.empty()) return remove();
  if (!doomed_.names.empty()) return identify();
  calls_.after(Duration(0), [this] {
    const auto done = done_;
    done(failure_);
  });
}

// Another's container may bear the name.
void Remover::identify() {
  const std::string name = doomed_.names.back();
  doomed_.names.pop_back();
  calls_.ask(api_.get("/containers/" + name + "/json"), [this](const HttpResponse& response) {
    const auto view = parse_container(response.body);
    if (classify(response) == ApiFailure::None && view) {
      const auto label = view->labels.find("studyctl.io/volume");
      if (label != view->labels.end() && label->second == volume_) doomed_.ids.push_back(view->id);
    }
    next();
  });
}

void Remover::remove() {
  calls_.ask(api_.remove("/containers/" + doomed_.ids.back() + "?v=true&force=true"),
             [this](const HttpResponse& answer) {
               switch (classify(answer)) {
                 case ApiFailure::None:
                 case ApiFailure::NoSuchThing: doomed_.ids.pop_back(); return next();
                 default: again(failure_message(answer));
               }
             });
}

void Remover::again(const std::string& why) {
  if (++tries_ > kTries) {
    log::warning("cannot remove container " + doomed_.ids.back() + ": " + why);
    failure_ = why;
    doomed_.ids.pop_back();
    return next();
  }
  // Podman gives a running one its stop time first; a kill makes it short.
  if (api_.is_podman()) {
    calls_.ask(api_.post("/containers/" + doomed_.ids.back() + "/kill?signal=SIGKILL"),
               [](const HttpResponse&) {});
  }
  calls_.after(std::min(kPause * tries_, kLongestPause), [this] { remove(); });
}

}  // namespace studyctl
