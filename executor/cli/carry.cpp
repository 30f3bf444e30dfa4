#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "carry/depot.h"
#include "carry/pack.h"
#include "carry/unpack.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "http/carry_api.h"
#include "io/event_loop.h"
#include "io/http_client.h"

// carry: what runs beside the main container of a pod whose node does not see the results; nobody types it.
namespace studyctl {
namespace {

constexpr Duration kFirstPause{200};
constexpr Duration kLongestPause{5'000};
constexpr std::chrono::minutes kSaid{1};    // between two words about a controller that does not answer
constexpr std::chrono::hours kGivesUp{24};  // when nobody answers
constexpr Duration kSilence{5'000};         // of a stream that is taken for broken
constexpr std::chrono::minutes kLongestUnpacking{30};

struct CarryWords {
  std::filesystem::path directory;
  std::vector<std::string> places;
  std::string url, pass;  // from the environment: a command line is seen by everybody
};

Error refusal_of(const HttpResponse& response) {
  const ErrorCode code = response.status == 409 ? ErrorCode::Conflict : ErrorCode::Invalid;
  return {code, "the controller refuses it: " + std::to_string(response.status) + " " +
                    printable(response.body.substr(0, 1000))};
}

// Asks the controller, which may be dead for a while, until it answers with something else than "later".
class Line {
 public:
  static Result<std::unique_ptr<Line>> to(const CarryWords& options) {
    const size_t scheme = options.url.find("://");
    const size_t path = options.url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
    if (scheme == std::string::npos || path == std::string::npos || options.pass.empty())
      return Error{ErrorCode::Invalid,
                   "STUDYCTL_CARRY_URL and STUDYCTL_CARRY_PASS: studyctl sets them in pods"};
    auto address = HttpAddress::parse(options.url.substr(0, path));
    if (!address) return std::move(address).error();
    return std::unique_ptr<Line>(new Line(*std::move(address), options.url.substr(path), options.pass));
  }

  Result<HttpResponse> ask(const std::string& method, const std::string& what, const std::string& body = {}) {
    HttpRequest request = request_of(method, what);
    request.body = body;
    request.may_be_repeated = true;
    request.timeout = what == "whole" ? Duration(kLongestUnpacking) : Duration(std::chrono::minutes(2));
    return patiently([&]() -> Result<HttpResponse> {
      std::optional<Result<HttpResponse>> answer;
      client_.call(request, [&answer](Result<HttpResponse> got) { answer = std::move(got); });
      while (!answer) loop_.run_once(std::chrono::seconds(1));
      return *std::move(answer);
    });
  }

  Result<void> wait_for_the_end() {
    while (true) {
      std::string said;
      auto followed = patiently([&] { return follow(said); });
      if (!followed) return std::move(followed).error();
      if (followed->status != 200) return refusal_of(*followed);
      if (said.find(kCarryEnded) != std::string::npos) return {};
      pause(kFirstPause);
    }
  }

 private:
  Line(HttpAddress address, std::string path, std::string pass)
      : loop_(clock_), client_(loop_, std::move(address)), path_(std::move(path)), pass_(std::move(pass)) {}

  HttpRequest request_of(const std::string& method, const std::string& what) const {
    HttpRequest request;
    request.method = method;
    request.path = path_ + "/" + what;
    request.headers = {{"Authorization", "Bearer " + pass_}, {"Expect", ""}};
    return request;
  }

  Result<HttpResponse> follow(std::string& said) {
    HttpRequest request = request_of("GET", "end");
    request.timeout = std::nullopt;
    std::optional<Result<HttpResponse>> answer;
    int status = 0;
    Steady heard = clock_.steady();
    const auto token = client_.stream(
        std::move(request), [&](const HttpResponse& head) { status = head.status; },
        [&](std::string_view bytes) {
          heard = clock_.steady();
          if (status == 200 || said.size() < 1000) said += bytes;
          return true;
        },
        [&](Result<HttpResponse> end) { answer = std::move(end); });
    const auto is_told = [&said] { return said.find(kCarryEnded) != std::string::npos; };
    while (!answer && !is_told() && clock_.steady() - heard < kSilence)
      loop_.run_once(std::chrono::seconds(1));
    if (!answer && is_told()) {
      client_.cancel(token);
      HttpResponse told;
      told.status = status;
      return told;
    }
    if (!answer) {
      client_.cancel(token);
      return Error{ErrorCode::Unavailable, "nothing is heard any more"};
    }
    if (*answer && (*answer)->status != 200) (*answer)->body = said;
    return *std::move(answer);
  }

  Result<HttpResponse> patiently(const std::function<Result<HttpResponse>()>& try_it) {
    Duration wait = kFirstPause;
    const Steady begun = clock_.steady();
    std::optional<Steady> said;
    while (true) {
      auto answer = try_it();
      const bool is_later = !answer || answer->status >= 500 || answer->status == 429 ||
                            answer->status == 408 || answer->status == 421;
      if (!is_later) return answer;
      const std::string why =
          answer ? std::to_string(answer->status) + " " + printable(answer->body) : answer.error().message;
      const Steady now = clock_.steady();
      if (now - begun > kGivesUp) return Error{ErrorCode::Unavailable, why};
      if (!said || now - *said > kSaid) {
        log::warning("tries again: " + why);
        said = now;
      }
      pause(wait);
      wait = std::min(2 * wait, kLongestPause);
    }
  }

  void pause(Duration length) {
    bool is_over = false;
    loop_.after(length, [&is_over] { is_over = true; });
    while (!is_over) loop_.run_once(std::chrono::seconds(1));
  }

  SystemClock clock_;
  EventLoop loop_;
  HttpClient client_;
  const std::string path_, pass_;
};

Result<void> carry_in(const CarryWords& options) {
  std::signal(SIGTERM, [](int) { _exit(128 + SIGTERM); });  // the first process of a container has no default
  auto line = Line::to(options);
  if (!line) return std::move(line).error();
  const std::filesystem::path archive = options.directory / ".in.tar";
  Fd file(open(archive.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return errno_error(archive.string());
  uint64_t size = 0, got = 0;
  do {
    auto answer = (*line)->ask("GET", "in?offset=" + std::to_string(got));
    if (!answer) return std::move(answer).error();
    if (answer->status != 200) return refusal_of(*answer);
    size = std::strtoull(answer->header("x-carry-size").c_str(), nullptr, 10);
    if (answer->body.empty() && got < size)
      return Error{ErrorCode::Unavailable, "the inputs end in their midst"};
    if (auto written = write_all(file.get(), answer->body); !written) return written;
    got += answer->body.size();
  } while (got < size);
  if (lseek(file.get(), 0, SEEK_SET) < 0) return errno_error(archive.string());
  auto unpacked = unpack(file.get(), options.directory, [](const std::string&) { return true; });
  std::error_code ignored;
  std::filesystem::remove(archive, ignored);
  return unpacked;
}

// Conflict: the other side has lost what was sent before.
Result<void> send_all(Line& line, const CarryWords& options) {
  std::vector<PackedPlace> places;
  for (const std::string& place : options.places)
    places.push_back({place, options.directory / place, false, std::nullopt});
  Packer packer(std::move(places));
  uint64_t sent = 0;
  while (true) {
    auto piece = packer.next(kCarryPiece);
    if (!piece) {
      const std::string why = piece.error().message;
      (void)line.ask("POST", "failure", why);
      return Error{ErrorCode::Invalid, why};
    }
    if (piece->empty()) break;
    auto answer = line.ask("PUT", "out?offset=" + std::to_string(sent), *piece);
    if (!answer) return std::move(answer).error();
    if (answer->status / 100 != 2) return refusal_of(*answer);
    sent += piece->size();
  }
  auto answer =
      line.ask("POST", "whole", carry_whole_json({packer.size(), packer.sha256(), packer.left_out()}));
  if (!answer) return std::move(answer).error();
  if (answer->status / 100 == 2) return {};
  Error refusal = refusal_of(*answer);
  if (answer->status == 400) (void)line.ask("POST", "failure", refusal.message);
  return refusal;
}

// A pod that is deleted tells all of its containers to end at once; this one is needed until the last.
Result<void> carry_out(const CarryWords& options) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) std::signal(signal, SIG_IGN);
  auto line = Line::to(options);
  if (!line) return std::move(line).error();
  if (auto ended = (*line)->wait_for_the_end(); !ended) return ended;
  while (true) {
    auto sent = send_all(**line, options);
    if (sent || sent.error().code != ErrorCode::Conflict) return sent;
    log::warning("begins anew: " + sent.error().message);
  }
}

void add_direction(CLI::App& carry, Context& context, const std::string& name, const std::string& about,
                   Result<void> (*run)(const CarryWords&)) {
  CarryWords& options = context.keep<CarryWords>();
  CLI::App* command = carry.add_subcommand(name, about);
  command->add_option("directory", options.directory, "Where the places are")->required()->type_name("DIR");
  command->add_option("places", options.places, "Which of them are sent")->type_name("NUMBER");
  command->final_callback([&options, &context, run] {
    context.run = [&options, run] {
      const char* url = std::getenv("STUDYCTL_CARRY_URL");
      const char* pass = std::getenv("STUDYCTL_CARRY_PASS");
      options.url = url ? url : "";
      options.pass = pass ? pass : "";
      log::to_stderr(log::Level::Info);
      const auto carried = run(options);
      return carried ? static_cast<int>(kSucceeded) : fail(carried.error());
    };
  });
}

}  // namespace

void add_carry(CLI::App& app, Context& context) {
  CLI::App* carry =
      app.add_subcommand("carry", "Bring an attempt's files into its pod, and what it left home");
  carry->group("");
  carry->require_subcommand(1);
  add_direction(*carry, context, "in", "Before it begins", carry_in);
  add_direction(*carry, context, "out", "Once it has ended", carry_out);
}

}  // namespace studyctl
