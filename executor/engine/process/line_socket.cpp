#include "engine/process/line_socket.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace studyctl {
namespace {

constexpr size_t kLongestLine = size_t{64} << 20;

bool is_passing(int code) {
  return code == EAGAIN || code == EWOULDBLOCK || code == EINTR;
}

}  // namespace

LineSocket::LineSocket(EventLoop& loop, Fd socket, Callbacks callbacks)
    : loop_(loop), socket_(std::move(socket)), callbacks_(std::move(callbacks)), lines_(kLongestLine) {
  watch();
}

LineSocket::~LineSocket() {
  loop_.unwatch(socket_.get());
}

void LineSocket::watch() {
  is_waiting_to_send_ = !unsent_.empty();
  loop_.unwatch(socket_.get());
  loop_.watch(socket_.get(), EPOLLIN | EPOLLRDHUP | (is_waiting_to_send_ ? EPOLLOUT : 0u),
              [this](uint32_t events) { on_ready(events); });
}

void LineSocket::send(const std::string& line) {
  unsent_ += line;
  unsent_ += '\n';
  (void)flush();  // a side that has gone is told by the loop
  if (is_waiting_to_send_ == unsent_.empty()) watch();
}

bool LineSocket::flush() {
  size_t sent = 0;
  while (sent < unsent_.size()) {
    const ssize_t count =
        ::send(socket_.get(), unsent_.data() + sent, unsent_.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) sent += static_cast<size_t>(count);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
  }
  const bool is_fine = sent == unsent_.size() || is_passing(errno);
  unsent_.erase(0, sent);
  return is_fine;
}

void LineSocket::on_ready(uint32_t events) {
  bool is_open = true;
  if (events & EPOLLOUT) {
    is_open = flush();
    if (unsent_.empty()) watch();
  }
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) is_open = receive() && is_open;
  if (is_open) return;
  loop_.unwatch(socket_.get());
  const auto on_close = callbacks_.on_close;
  on_close();
}

bool LineSocket::receive() {
  char buffer[64 << 10];
  while (true) {
    const ssize_t count = recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 && is_passing(errno);
    lines_.feed({buffer, static_cast<size_t>(count)},
                [this](std::string_view line) { callbacks_.on_line(std::string(line)); });
  }
}

}  // namespace studyctl
