#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_set>

#include "engine/docker/api.h"
#include "engine/docker/api_json.h"
#include "io/line_splitter.h"

namespace studyctl {

// The engine's events about our containers, for ever: it connects again when the stream ends. Events are
// hints, each told once; what was missed in between, listing heals.
class EventStream {
 public:
  struct Listener {
    std::function<void(const EngineEvent&)> on_event;
    std::function<void()> on_connected;     // the first time, and after each gap: time to look at everything
    std::function<void()> on_disconnected;  // the stream broke; with Podman mostly since its file was rotated
  };

  // `label`: "studyctl.io/volume=<uuid>"
  EventStream(EngineApi& api, std::string label, Listener listener);
  void open();

 private:
  void opened();
  void on_line(std::string_view line);
  void on_end();

  EngineApi& api_;
  std::string label_;
  Listener listener_;
  LineSplitter lines_;
  std::unordered_set<std::string> seen_;
  std::deque<std::string> seen_order_;
  bool connected_ = false;
  Duration backoff_;
  Calls calls_;
};

}  // namespace studyctl
