#include "service/channels.h"

#include "http/api.h"
#include "http/metrics.h"
#include "http/routes.h"
#include "service/control_client.h"

namespace studyctl {
namespace {

constexpr Duration kFollowersMayTake{5000};  // to be told that the run has ended, and to ask how

}  // namespace

ControlDoor door_of(LiveRuns& live) {
  return {[&live](const std::string& run, const Command& command) { return live.tell(run, command); },
          [&live](const std::string& run, const std::string& staged, const std::string& who) {
            return live.apply(run, staged, who);
          }};
}

Result<void> Channels::listen(const std::string& text) {
  auto address = parse_listen_address(text);
  if (!address) return std::move(address).error().within("--listen");
  if (!is_loopback(*address))
    return Error{ErrorCode::Invalid, "--listen: other machines reach " + address->host +
                                         ", and nobody is asked who they are: listen at 127.0.0.1 or [::1], "
                                         "and come by a tunnel"};
  auto server = Server::listen(*address, {},
                               [this](const ApiRequest& request) {
                                 return is_open_ ? answer_(request) : problem(503, "the run has not begun");
                               },
                               {{}, counting(figures_)});
  if (!server) return std::move(server).error().within("--listen");
  view_ = *std::move(server);
  address_ = authority_of({{}, address->host, view_->port()});
  return {};
}

Result<void> Channels::open() {
  auto server = Server::listen({control_socket(volume_), "", 0}, {}, control_routes(door_of(live_)));
  if (!server) return std::move(server).error();
  control_ = *std::move(server);
  answer_ = view_routes(volume_, live_.first_directory(), &live_.page());
  is_open_ = true;
  return {};
}

std::string Channels::listens_at() const {
  return view_ ? "http://" + address_ : "";
}

void Channels::finish() {
  if (view_) view_->finish(kFollowersMayTake);
}

}  // namespace studyctl
