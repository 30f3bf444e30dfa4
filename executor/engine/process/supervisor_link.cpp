#include "engine/process/supervisor_link.h"

#include "base/log.h"
#include "base/text.h"
#include "engine/process/supervisor_place.h"

namespace studyctl {
namespace {

constexpr Duration kTryAgain{1000};

}  // namespace

SupervisorLink::SupervisorLink(EventLoop& loop, std::filesystem::path directory, std::string program,
                               Callbacks callbacks)
    : loop_(loop),
      directory_(std::move(directory)),
      program_(std::move(program)),
      callbacks_(std::move(callbacks)) {
  timer_ = loop_.after(Duration(0), [this] { connect(); });
}

SupervisorLink::~SupervisorLink() {
  if (timer_) loop_.cancel(*timer_);
}

void SupervisorLink::connect() {
  timer_.reset();
  auto socket = connect_to(directory_);
  const bool has_launched = std::exchange(has_launched_, false);
  if (!socket && !has_launched) return launch();
  // One that is there already does not begin another.
  if (!socket)
    return lose("the supervisor of the processes in " + directory_.string() + " does not answer here");
  trouble_.clear();
  socket_ = std::make_unique<LineSocket>(
      loop_, *std::move(socket),
      LineSocket::Callbacks{[this](const std::string& line) {
                              const auto news = parse_news(line);
                              if (news) return callbacks_.on_news(*news);
                              log::warning(news.error().message);
                            },
                            [this] { lose("the supervisor of the processes has gone"); }});
  callbacks_.on_connected();
}

void SupervisorLink::launch() {
  const Program supervisor{{program_, "supervise", directory_.string()}, {}, {}};
  launch_ =
      std::make_unique<ProgramTask>(loop_, supervisor, ProgramLimits{}, [this](Result<ProgramOutput> ended) {
        const auto finished = std::move(launch_);
        has_launched_ = ended && ended->end.is_success();
        if (has_launched_) {
          timer_ = loop_.after(Duration(0), [this] { connect(); });
          return;
        }
        lose("the supervisor of the processes cannot be started: " +
             (ended ? printable(to_utf8(trim(ended->err))) : ended.error().message));
      });
}

void SupervisorLink::lose(std::string why) {
  socket_.reset();
  if (trouble_ != why) log::warning(why);
  trouble_ = std::move(why);
  callbacks_.on_trouble();
  timer_ = loop_.after(kTryAgain, [this] { connect(); });
}

void SupervisorLink::send(const ProcessOrder& order) {
  if (socket_) socket_->send(line_of(order));
}

}  // namespace studyctl
