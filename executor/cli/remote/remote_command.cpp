#include "cli/remote/remote_command.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/fd.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "http/command_api.h"
#include "http/problem.h"
#include "io/line_splitter.h"

namespace studyctl {
namespace {

constexpr Duration kPatience = std::chrono::minutes(1);  // for a service to come back
constexpr Duration kPause{1000};

CommandRequest request_of(const RemoteCommand& command) {
  CommandRequest request{command.args, 0, 0, command.study};
  winsize window{};
  if (command.on_output || ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0)
    return request;
  request.columns = window.ws_col;
  request.rows = std::max<int>(window.ws_row, 4);
  return request;
}

// What may be asked again from the start when the service comes back.
bool only_looks_on(const RemoteCommand& command) {
  const std::string& name = command.args.front();
  const bool has_limit = std::any_of(command.args.begin(), command.args.end(),
                                     [](const std::string& word) { return word.starts_with("--timeout"); });
  return name == "watch" || (name == "wait" && !has_limit);
}

// Once to the service and back.
class Exchange {
 public:
  Exchange(const ServiceLink& link, const RemoteCommand& command)
      : command_(command), loop_(clock_), client_(loop_, link.address), lines_(size_t{4} << 20) {
    HttpRequest request;
    request.method = "POST";
    request.path = std::string(kCommandsPath);
    request.body = command_request_json(request_of(command));
    request.headers = link.headers;
    request.headers.emplace_back("Content-Type", "application/json");
    request.timeout = std::nullopt;
    client_.stream(
        std::move(request), [this](const HttpResponse& response) { status_ = response.status; },
        [this](std::string_view bytes) { return take(bytes), true; },
        [this](const Result<HttpResponse>& response) { conclude(response); });
  }

  // Nothing when Ctrl+C came, where that is to end it.
  std::optional<Result<int>> run(const Fd& interrupt) {
    bool is_interrupted = false;
    if (interrupt) loop_.watch(interrupt.get(), EPOLLIN, [&](uint32_t) { is_interrupted = true; });
    while (!end_ && !is_interrupted) loop_.run_once(std::chrono::seconds(1));
    if (interrupt) loop_.unwatch(interrupt.get());
    return end_;
  }
  bool has_answered() const { return status_ != 0; }

 private:
  void take(std::string_view bytes) {
    if (status_ != 200) {
      refusal_ += bytes;
      return;
    }
    lines_.feed(bytes, [this](std::string_view line) { print(line); });
  }

  void print(std::string_view line) {
    const auto said = read_command_line(line);
    if (!said) return;
    if (command_.on_output)
      command_.on_output(said->out);
    else
      (void)write_all(STDOUT_FILENO, said->out);
    (void)write_all(STDERR_FILENO, said->err);
    if (said->exit_code) exit_code_ = said->exit_code;
  }

  void conclude(const Result<HttpResponse>& response) {
    if (exit_code_) {
      end_ = Result<int>(*exit_code_);
    } else if (!response) {
      end_ = Result<int>(response.error());
    } else if (response->status != 200) {
      end_ = Result<int>(refused(response->status));
    } else {
      end_ = Result<int>(
          Error{ErrorCode::Unavailable, client_.address().text() + ": the service has gone away"});
    }
  }

  Error refused(int status) const {
    const auto json = nlohmann::json::parse(refusal_, nullptr, false);
    if (json.is_object() && json.contains("detail"))
      return {error_code_of(status), client_.address().text() + ": " + printable(json.value("detail", ""))};
    return {ErrorCode::Unavailable, client_.address().text() + ": answered " + std::to_string(status) +
                                        ", as no studyctl service does"};
  }

  const RemoteCommand& command_;
  SystemClock clock_;
  EventLoop loop_;
  HttpClient client_;
  LineSplitter lines_;
  int status_ = 0;
  std::string refusal_;
  std::optional<int> exit_code_;
  std::optional<Result<int>> end_;
};

// SIGINT as a descriptor, where it is not to end this process.
Fd catch_interrupt() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace

int run_there(const ServiceLink& link, const RemoteCommand& command) {
  const bool looks_on = only_looks_on(command);
  const Fd interrupt = looks_on ? catch_interrupt() : Fd();
  const SystemClock clock;
  std::optional<Steady> lost_at;
  bool was_there = command.was_there;
  while (true) {
    Exchange exchange(link, command);
    const auto end = exchange.run(interrupt);
    if (!end) {
      std::printf("watched no more; the run goes on\n");
      return kSucceeded;
    }
    if (*end) return **end;
    was_there = was_there || exchange.has_answered();
    if (!looks_on || end->error().code != ErrorCode::Unavailable || !was_there) return fail(end->error());
    if (exchange.has_answered() || !lost_at) {
      std::fprintf(stderr, "studyctl: %s; waits for it to come back\n", end->error().message.c_str());
      lost_at = clock.steady();
    }
    if (clock.steady() - *lost_at > kPatience) return fail(end->error());
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace studyctl
