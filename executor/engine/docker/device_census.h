#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/devices/leases.h"
#include "io/event_loop.h"
#include "io/http_client.h"

namespace studyctl {

// Lists who holds devices, on every engine of this machine. Control thread only.
class DeviceCensus {
 public:
  // `engines`: their addresses; those where nobody listens hold nothing.
  DeviceCensus(EventLoop& loop, std::vector<HttpAddress> engines);
  ~DeviceCensus();

  // One at a time. An engine that listens and does not answer is an error: what it holds cannot be known.
  void take(std::function<void(Result<HeldDevices>)> done);

 private:
  void on_answer(const std::string& where, const Result<HttpResponse>& answer);

  EventLoop& loop_;
  std::vector<std::unique_ptr<HttpClient>> clients_;
  std::function<void(Result<HeldDevices>)> done_;
  HeldDevices held_;
  std::string failure_;
  size_t open_ = 0;
  EventLoop::Token timer_ = 0;
};

}  // namespace studyctl
