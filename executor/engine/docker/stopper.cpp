#include "engine/docker/stopper.h"

#include <algorithm>

namespace studyctl {
namespace {

constexpr Duration kKillAgain{5000};

}  // namespace

Stopper::Stopper(EngineApi& api, std::string container, Duration grace)
    : api_(api), container_(std::move(container)), calls_(api) {
  if (grace > Duration(0)) signal("SIGTERM");
  calls_.after(std::max(grace, Duration(0)), [this] { kill(); });
}

void Stopper::signal(const char* name) {
  calls_.ask(api_.post("/containers/" + container_ + "/kill?signal=" + name), [](const HttpResponse&) {});
}

void Stopper::kill() {
  signal("SIGKILL");
  calls_.after(kKillAgain, [this] { kill(); });
}

}  // namespace studyctl
