#include "io/network_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace studyctl {
namespace {

struct Network {
  uint32_t address;
  int bits;
};

constexpr uint32_t ipv4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

constexpr std::array<Network, 8> kNotElsewhere = {{
    {ipv4(0, 0, 0, 0), 8},
    {ipv4(127, 0, 0, 0), 8},
    {ipv4(169, 254, 0, 0), 16},
    {ipv4(224, 0, 0, 0), 4},
    {ipv4(240, 0, 0, 0), 4},
    {ipv4(100, 100, 100, 200), 32},  // metadata: Alibaba
    {ipv4(168, 63, 129, 16), 32},    // Azure
    {ipv4(192, 0, 0, 192), 32},      // Oracle
}};

bool is_ipv4_elsewhere(uint32_t address) {
  return std::none_of(kNotElsewhere.begin(), kNotElsewhere.end(), [&](const Network& network) {
    return (address ^ network.address) >> (32 - network.bits) == 0;
  });
}

uint32_t ipv4_in(std::span<const uint8_t> bytes) {
  return ipv4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

bool begins(std::span<const uint8_t> address, std::initializer_list<uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

bool is_ipv6_elsewhere(std::span<const uint8_t> address) {
  if (begins(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) return is_ipv4_elsewhere(ipv4_in(address.subspan(12)));
  if (begins(address, {0, 0x64, 0xff, 0x9b}))
    return is_ipv4_elsewhere(ipv4_in(address.subspan(12)));                                  // NAT64
  if (begins(address, {0x20, 0x02})) return is_ipv4_elsewhere(ipv4_in(address.subspan(2)));  // 6to4
  const bool is_link_local = address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
  return !is_link_local && address[0] != 0xff && !begins(address, {0xfd, 0x00, 0x0e, 0xc2});  // metadata: AWS
}

}  // namespace

bool is_elsewhere(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in internet{};
    std::memcpy(&internet, &address, sizeof internet);
    return is_ipv4_elsewhere(ntohl(internet.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 internet{};
  std::memcpy(&internet, &address, sizeof internet);
  return is_ipv6_elsewhere(internet.sin6_addr.s6_addr);
}

std::string text_of(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto* bytes = reinterpret_cast<const char*>(&address);
  if (address.sa_family == AF_INET)
    inet_ntop(AF_INET, bytes + offsetof(sockaddr_in, sin_addr), text.data(), text.size());
  if (address.sa_family == AF_INET6)
    inet_ntop(AF_INET6, bytes + offsetof(sockaddr_in6, sin6_addr), text.data(), text.size());
  return text.data();
}

}  // namespace studyctl
