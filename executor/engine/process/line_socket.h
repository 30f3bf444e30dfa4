#pragma once

#include <functional>
#include <string>

#include "base/fd.h"
#include "io/event_loop.h"
#include "io/line_splitter.h"

namespace studyctl {

// Lines both ways over a connected socket, without waiting. Its callbacks come from the loop, never from
// within a call, and may destroy it.
class LineSocket {
 public:
  struct Callbacks {
    std::function<void(const std::string& line)> on_line;
    std::function<void()> on_close;  // the other side has gone; the last callback
  };

  // `socket` is connected, and does not block.
  LineSocket(EventLoop& loop, Fd socket, Callbacks callbacks);
  ~LineSocket();
  LineSocket(const LineSocket&) = delete;
  LineSocket& operator=(const LineSocket&) = delete;

  // Sends it, with its end, now or when the other side takes it.
  void send(const std::string& line);

 private:
  void on_ready(uint32_t events);
  bool receive();
  bool flush();
  void watch();

  EventLoop& loop_;
  Fd socket_;
  Callbacks callbacks_;
  LineSplitter lines_;
  std::string unsent_;
  bool is_waiting_to_send_ = false;
};

}  // namespace studyctl
