#include "engine/docker/event_stream.h"

#include <algorithm>

namespace studyctl {
namespace {

constexpr size_t kRemembered = 4096;
constexpr Duration kFirstBackoff{50};
constexpr Duration kLongestBackoff{3000};

}  // namespace

EventStream::EventStream(EngineApi& api, std::string label, Listener listener)
    : api_(api),
      label_(std::move(label)),
      listener_(std::move(listener)),
      backoff_(kFirstBackoff),
      calls_(api) {}

// Podman 4.3 knows "died" where Docker knows "die", and takes no label filter without a value.
void EventStream::open() {
  const std::string filter =
      filters({{"type", {"container"}}, {"label", {label_}}, {"event", {"die", "died", "oom", "kill"}}});
  HttpRequest request = api_.get("/events?filters=" + filter);
  request.timeout.reset();
  lines_ = LineSplitter();
  calls_.stream(
      std::move(request),
      [this](const HttpResponse& response) {
        if (response.status == 200) opened();
      },
      [this](std::string_view bytes) {
        lines_.feed(bytes, [this](std::string_view line) { on_line(line); });
        return true;
      },
      [this](const Result<HttpResponse>&) { on_end(); });
}

void EventStream::opened() {
  if (connected_) return;
  connected_ = true;
  backoff_ = kFirstBackoff;
  listener_.on_connected();
}

// Podman tells old events again after it rotated its file.
void EventStream::on_line(std::string_view line) {
  const auto event = parse_event(line);
  if (!event) return;
  std::string key = event->container + event->action + std::to_string(event->time_nano);
  if (!seen_.insert(key).second) return;
  seen_order_.push_back(std::move(key));
  if (seen_order_.size() > kRemembered) {
    seen_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
  listener_.on_event(*event);
}

void EventStream::on_end() {
  const bool was_connected = connected_;
  connected_ = false;
  calls_.after(backoff_, [this] { open(); });
  backoff_ = std::min(backoff_ * 2, kLongestBackoff);
  if (was_connected) listener_.on_disconnected();
}

}  // namespace studyctl
