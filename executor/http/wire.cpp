#include "http/wire.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace studyctl {
namespace {

int milliseconds_until(Steady deadline) {
  const auto left = std::chrono::duration_cast<Duration>(deadline - SystemClock().steady()).count();
  return static_cast<int>(std::clamp<Duration::rep>(left, 0, 1 << 30));
}

class PlainWire final : public Wire {
 public:
  explicit PlainWire(int fd) : fd_(fd) {}
  ssize_t read(char* to, size_t size, Steady deadline) override {
    return wait_for(fd_, POLLIN, deadline) ? recv(fd_, to, size, MSG_DONTWAIT) : -1;
  }
  ssize_t write(const char* from, size_t size, Steady deadline) override {
    return wait_for(fd_, POLLOUT, deadline) ? send(fd_, from, size, MSG_NOSIGNAL | MSG_DONTWAIT) : -1;
  }
  bool has_more() const override { return false; }
  void end() override { shutdown(fd_, SHUT_WR); }

 private:
  int fd_;
};

}  // namespace

std::unique_ptr<Wire> plain_wire(int fd) {
  return std::make_unique<PlainWire>(fd);
}

bool wait_for(int fd, short events, Steady deadline) {
  while (true) {
    pollfd asked{fd, events, 0};
    const int ready = poll(&asked, 1, milliseconds_until(deadline));
    if (ready > 0) return (asked.revents & POLLNVAL) == 0;
    if (ready == 0 || errno != EINTR) return false;
  }
}

}  // namespace studyctl
