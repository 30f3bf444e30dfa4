#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "base/log.h"
#include "cli/control_client.h"
#include "cli/service.h"
#include "http/monitor.h"
#include "http/routes.h"

// How a controller is reached while it works: its control socket, --listen, signals, the STOP file.
namespace studyctl {
namespace {

constexpr Duration kStopFileInterval{500};

}  // namespace

Result<void> Service::open_control_channel() {
  const RunRecord& run = journal_->run();
  auto server = Server::listen({control_socket(volume_), "", 0}, {},
                               control_routes(gateway_, {run.study, run.id, directory_->path().string()},
                                              [this](const std::string& name, const std::string& who) {
                                                return ask_to_apply(name, who);
                                              }));
  if (!server) return std::move(server).error();
  server_ = *std::move(server);
  monitor_answer_ = monitor_routes(directory_->path());
  is_monitored_ = true;
  return {};
}

// Before a run begins: an address that cannot be had is no reason to have one more run.
Result<void> Service::listen() {
  if (options_.listen.empty()) return {};
  auto address = parse_listen_address(options_.listen);
  if (!address) return std::move(address).error().within("--listen");
  if (!is_loopback(*address))
    return Error{ErrorCode::Invalid, "--listen: other machines reach " + address->host +
                                         ", and nobody is asked who they are: listen at 127.0.0.1 or [::1], "
                                         "and come by a tunnel"};
  auto server = Server::listen(*address, {}, [this](const ApiRequest& request) {
    return is_monitored_ ? monitor_answer_(request) : problem(503, "the run has not begun");
  });
  if (!server) return std::move(server).error().within("--listen");
  monitor_ = *std::move(server);
  // The one that follows, should the manifest change, is found at the same port.
  options_.listen = authority_of({{}, address->host, monitor_->port()});
  return {};
}

std::string Service::listens_at() const {
  return monitor_ ? "http://" + options_.listen : "";
}

void Service::watch_signals() {
  loop_.watch(signals_.get(), EPOLLIN, [this](uint32_t) {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == sizeof info)
      note_signal(static_cast<int>(info.ssi_signo));
  });
}

void Service::note_signal(int signal) {
  if (signal == SIGHUP) {
    log::info("the terminal is gone: it goes on without");
    if (hung_up_) hung_up_();
    return;
  }
  Command command;
  if (signal == SIGTERM) {
    command.kind = Command::Kind::HandOver;
    command.who = "SIGTERM";
  } else {
    command.kind = ++interrupts_ == 1 ? Command::Kind::Stop : Command::Kind::Cancel;
    command.who = "Ctrl+C";
  }
  (void)gateway_.ask(std::move(command));
}

void Service::watch_stop_file() {
  if (directory_->stop_requested()) {
    if (auto cleared = directory_->clear_stop(); !cleared) log::warning(cleared.error().message);
    Command command;
    command.who = "the STOP file";
    (void)gateway_.ask(std::move(command));
  }
  loop_.after(kStopFileInterval, [this] { watch_stop_file(); });
}

}  // namespace studyctl
