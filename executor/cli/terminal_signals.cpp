#include "cli/terminal_signals.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "base/log.h"

namespace studyctl {

TerminalSignals::TerminalSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

void TerminalSignals::attach(RunDriver& driver) {
  driver_ = &driver;
  driver.loop().watch(signals_.get(), EPOLLIN, [this](uint32_t) {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == sizeof info) note(static_cast<int>(info.ssi_signo));
  });
}

void TerminalSignals::detach() {
  if (driver_) driver_->loop().unwatch(signals_.get());
  driver_ = nullptr;
}

void TerminalSignals::note(int signal) {
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
  (void)driver_->tell(std::move(command));
}

}  // namespace studyctl
