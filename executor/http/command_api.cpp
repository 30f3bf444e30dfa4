#include "http/command_api.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/hash.h"
#include "base/text.h"
#include "http/problem.h"
#include "io/subprocess.h"

namespace studyctl {
namespace {

using Json = nlohmann::json;

constexpr const char* kOnBehalf = "STUDYCTL_ON_BEHALF";
constexpr int kMostCommands = 32;    // processes at once
constexpr size_t kMostWords = 1000;  // of one command
constexpr size_t kPart = 256 << 10;  // bytes of one stream that are taken at once
constexpr Duration kAtOnce{300};     // what is over by then is answered whole
constexpr int kMostColumns = 10'000;

// A terminal of the size of the caller's, or a pipe.
struct Channel {
  Fd ours, theirs;
};

Result<Channel> open_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe");
  Channel channel{Fd(ends[0]), Fd(ends[1])};
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return channel;
}

Result<Channel> open_terminal(int columns, int rows) {
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = static_cast<unsigned short>(rows);
  termios plain{};
  cfmakeraw(&plain);  // the caller's terminal does what is to be done
  int ours = -1, theirs = -1;
  if (openpty(&ours, &theirs, nullptr, &plain, &size) != 0) return errno_error("openpty");
  Channel channel{Fd(ours), Fd(theirs)};
  fcntl(ours, F_SETFD, FD_CLOEXEC);
  fcntl(theirs, F_SETFD, FD_CLOEXEC);
  fcntl(ours, F_SETFL, O_NONBLOCK);
  return channel;
}

std::string line_of(const char* stream, const std::string& bytes) {
  return bytes.empty() ? "" : Json{{stream, to_base64(bytes)}}.dump() + "\n";
}

// One of those that may run at once.
class Turn {
 public:
  explicit Turn(std::shared_ptr<std::atomic<int>> running) : running_(std::move(running)) { ++*running_; }
  ~Turn() { --*running_; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::shared_ptr<std::atomic<int>> running_;
};

// The process of a command with what it says.
class RunningCommand {
 public:
  RunningCommand(Subprocess process, Fd out, Fd err, std::shared_ptr<std::atomic<int>> running)
      : process_(std::move(process)), out_(std::move(out)), err_(std::move(err)), turn_(std::move(running)) {}

  // What it has said since; nothing behind its end.
  std::optional<std::string> more() {
    if (is_over_) return std::nullopt;
    // Looked at before the streams are: all that was said stands there by then.
    const auto end = process_.end();
    std::string lines = line_of("stdout", read_part(out_)) + line_of("stderr", read_part(err_));
    if (!lines.empty() || !end) return lines;
    is_over_ = true;
    return Json{{"exitCode", end->exit_code}}.dump() + "\n";
  }

  // Until there is more, or `patience` is over.
  void wait(Duration patience) const {
    pollfd looked[] = {{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}, {process_.pidfd(), POLLIN, 0}};
    poll(looked, std::size(looked), static_cast<int>(patience.count()));
  }

 private:
  static std::string read_part(Fd& from) {
    std::string bytes(kPart, '\0');
    size_t size = 0;
    while (from && size < kPart) {
      const ssize_t got = read(from.get(), bytes.data() + size, kPart - size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) break;
      if (got <= 0) from = Fd();  // a terminal that nobody holds any more is EIO
      size += static_cast<size_t>(std::max<ssize_t>(got, 0));
    }
    bytes.resize(size);
    return bytes;
  }

  Subprocess process_;
  Fd out_, err_;
  Turn turn_;
  bool is_over_ = false;
};

Result<CommandRequest> read_request(const std::string& body) {
  const Json json = Json::parse(body);
  CommandRequest request;
  request.args = json.at("args").get<std::vector<std::string>>();
  if (request.args.empty() || request.args.size() > kMostWords)
    return Error{ErrorCode::Invalid, "args: are the words of one command"};
  for (const std::string& word : request.args)
    if (word.find('\0') != std::string::npos)
      return Error{ErrorCode::Invalid, "args: a word has a zero byte"};
  if (json.contains("terminal")) {
    request.columns = json.at("terminal").at("columns").get<int>();
    request.rows = json.at("terminal").at("rows").get<int>();
    const auto is_size = [](int size) { return size > 0 && size <= kMostColumns; };
    if (!is_size(request.columns) || !is_size(request.rows))
      return Error{ErrorCode::Invalid, "terminal: columns and rows are 1 to 10000"};
  }
  request.study = json.value("study", std::string());
  return request;
}

Program program_of(const ResultsVolume& volume, const CommandRequest& request, const Caller& caller) {
  Program program;
  program.words = {"/proc/self/exe", "--results", volume.root().string()};
  if (const auto state = volume.database().parent_path(); state != volume.root())
    program.words.insert(program.words.end(), {"--state-dir", state.string()});
  program.words.insert(program.words.end(), request.args.begin(), request.args.end());
  const std::string role = caller.role == Caller::Role::Operator ? "operator" : "viewer";
  program.environment = {{kOnBehalf, role + " " + caller.name}};
  program.input = request.study;
  return program;
}

using Running = std::shared_ptr<RunningCommand>;  // std::function wants to be copied

Result<Running> start(const Program& program, const CommandRequest& request,
                      std::shared_ptr<std::atomic<int>> running) {
  auto out = request.columns > 0 ? open_terminal(request.columns, request.rows) : open_pipe();
  auto err = open_pipe();
  if (!out || !err) return (out ? err : out).error();
  auto process = Subprocess::spawn(program, {out->theirs.get(), err->theirs.get()});
  if (!process) return std::move(process).error();
  return std::make_shared<RunningCommand>(*std::move(process), std::move(out->ours), std::move(err->ours),
                                          std::move(running));
}

// Whole where it is over soon; else it goes on with what the command has said by then.
ApiResponse answer_of(const Running& command) {
  ApiResponse response{200, "", kCommandOutput, {{"Cache-Control", "no-store"}}};
  const SystemClock clock;
  const Steady patience = clock.steady() + kAtOnce;
  for (Steady now = clock.steady(); now < patience && response.body.size() < kPart; now = clock.steady()) {
    const auto part = command->more();
    if (!part) return response;
    response.body += *part;
    if (part->empty()) command->wait(std::chrono::ceil<Duration>(patience - now));
  }
  response.more = [command, said = std::move(response.body)]() mutable {
    return said.empty() ? command->more() : std::exchange(said, {});
  };
  return response;
}

}  // namespace

CommandApi::CommandApi(ResultsVolume volume)
    : volume_(std::move(volume)), running_(std::make_shared<std::atomic<int>>(0)) {}

ApiResponse CommandApi::answer(const ApiRequest& request) const {
  if (request.method != "POST") return problem(405, request.method + ": a command is sent by POST");
  if (*running_ >= kMostCommands) return problem(503, "too many commands run at once: try again in a moment");
  try {
    const auto asked = read_request(request.body);
    if (!asked) return problem_of(asked.error());
    const auto command = start(program_of(volume_, *asked, request.caller), *asked, running_);
    return command ? answer_of(*command) : problem_of(command.error());
  } catch (const Json::exception&) { return problem(400, "the body cannot be read"); }
}

std::optional<Caller> on_behalf() {
  const char* value = std::getenv(kOnBehalf);
  if (!value) return std::nullopt;
  const std::string_view text = value;
  const size_t space = text.find(' ');
  const bool is_operator = text.substr(0, space) == "operator";
  return Caller{std::string(space == text.npos ? "somebody" : text.substr(space + 1)),
                is_operator ? Caller::Role::Operator : Caller::Role::Viewer};
}

std::string command_request_json(const CommandRequest& request) {
  Json json{{"args", Json::array()}};
  for (const std::string& word : request.args) json["args"].push_back(to_utf8(word));
  if (request.columns > 0) json["terminal"] = {{"columns", request.columns}, {"rows", request.rows}};
  if (!request.study.empty()) json["study"] = request.study;
  return json.dump();
}

Result<CommandLine> read_command_line(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return Error{ErrorCode::Unavailable, "the service said what is not understood"};
  CommandLine said;
  if (const auto code = json.find("exitCode"); code != json.end() && code->is_number_integer())
    said.exit_code = code->get<int>();
  const auto bytes = [&](const char* stream) {
    const auto found = json.find(stream);
    return found != json.end() && found->is_string() ? from_base64(found->get<std::string>()).value_or("")
                                                     : std::string();
  };
  said.out = bytes("stdout");
  said.err = bytes("stderr");
  return said;
}

}  // namespace studyctl
