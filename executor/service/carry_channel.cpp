#include "service/carry_channel.h"

#include "base/log.h"
#include "carry/pass.h"
#include "http/carry_api.h"

namespace studyctl {
namespace {

ServerLimits limits() {
  ServerLimits limits;
  limits.body = kCarryPiece + (1 << 20);
  limits.connections = 128;
  limits.followers = 4000;
  limits.request = std::chrono::minutes(1);
  return limits;
}

// "http://studyctl.lab.svc:8090" → the host's name, and where to listen for it.
Result<ListenAddress> listen_address(const CarryFlags& flags) {
  const Error wrong{ErrorCode::Invalid, "--carry-address: is '" + flags.address +
                                            "'; pods want http://HOST:PORT, and nothing behind it"};
  const size_t scheme = flags.address.find("://");
  const size_t colon = flags.address.rfind(':');
  const bool is_http = flags.address.starts_with("http://") || flags.address.starts_with("https://");
  if (!is_http || colon <= scheme || flags.address.find('/', scheme + 3) != std::string::npos) return wrong;
  const std::string host = flags.address.substr(scheme + 3, colon - scheme - 3);
  const std::string port = flags.address.substr(colon + 1);
  if (host.empty() || port.empty() || port.find_first_not_of("0123456789") != std::string::npos) return wrong;
  auto where = parse_listen_address(flags.listen.empty() ? "0.0.0.0:" + port : flags.listen);
  if (!where) return std::move(where).error().within("--carry-listen");
  const bool is_ipv6 = host.starts_with('[') && host.ends_with(']');
  where->names = {is_ipv6 ? host.substr(1, host.size() - 2) : host};
  return where;
}

}  // namespace

std::filesystem::path carry_depots(const ResultsVolume& volume) {
  return volume.private_directory() / "carry";
}

Result<void> check_carry(const CarryFlags& flags) {
  if (flags.address.empty())
    return flags.listen.empty() ? Result<void>()
                                : Error{ErrorCode::Invalid, "--carry-listen: takes --carry-address"};
  const auto where = listen_address(flags);
  return where ? Result<void>() : Result<void>(where.error());
}

Result<std::unique_ptr<Server>> open_carry_channel(const ResultsVolume& volume, const CarryFlags& flags) {
  if (auto fine = check_carry(flags); !fine) return std::move(fine).error();
  if (flags.address.empty()) return std::unique_ptr<Server>();
  const auto where = listen_address(flags);
  if (!where) return where.error();
  auto key = carry_key(volume.private_directory());
  if (!key) return std::move(key).error();
  const CarryHouse house{carry_depots(volume), *std::move(key)};
  auto server = Server::listen(*where, limits(), carry_routes(house), {carry_admission(house)});
  if (!server) return std::move(server).error().within("--carry-listen");
  log::info("files are carried by way of " + flags.address);
  return server;
}

}  // namespace studyctl
