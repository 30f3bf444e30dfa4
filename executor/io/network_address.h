#pragma once

#include <sys/socket.h>

#include <string>

namespace studyctl {

// False for what is no other machine's, and for what a cloud tells its machines secrets by: loopback,
// link-local, unspecified, multicast and reserved addresses, and those of metadata services; in IPv6 forms of
// IPv4 too.
bool is_elsewhere(const sockaddr& address);

// "169.254.169.254", "fe80::1"; empty for what is neither IPv4 nor IPv6.
std::string text_of(const sockaddr& address);

}  // namespace studyctl
