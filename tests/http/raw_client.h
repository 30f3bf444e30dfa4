#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "base/fd.h"

namespace studyctl {

// A connection to loopback that sends whatever a test wants to.
class RawClient {
 public:
  explicit RawClient(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_open_ = connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  bool is_open() const { return is_open_; }

  // How much the other side took, `bytes` at most.
  size_t send(std::string_view bytes) {
    size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t taken = ::send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (taken <= 0) break;
      sent += static_cast<size_t>(taken);
    }
    return sent;
  }

  // What comes until `end` is in it, or the other side closes, or nothing has come for `patience` ms.
  std::string read_to(std::string_view end, int patience = 5000) {
    std::string got;
    char buffer[4096];
    while (got.find(end) == std::string::npos || end.empty()) {
      pollfd asked{fd_.get(), POLLIN, 0};
      if (poll(&asked, 1, patience) <= 0) break;
      const ssize_t size = recv(fd_.get(), buffer, sizeof buffer, 0);
      if (size <= 0) break;
      got.append(buffer, static_cast<size_t>(size));
    }
    return got;
  }
  std::string read_all(int patience = 5000) { return read_to("", patience); }

 private:
  Fd fd_;
  bool is_open_ = false;
};

}  // namespace studyctl
