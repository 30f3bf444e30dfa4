#include "engine/docker/init_runner.h"

#include "base/fd.h"
#include "base/log.h"
#include "engine/docker/api_error.h"
#include "engine/docker/exit_cause.h"
#include "io/multiplexed_log.h"

namespace studyctl {
namespace {

std::string with_name(int index, const std::string& name) {
  std::string text = "init container " + std::to_string(index);
  if (!name.empty()) text += " (" + name + ")";
  return text;
}

}  // namespace

InitRunner::InitRunner(EngineParts& parts, const AttemptSpec& attempt, Callbacks callbacks)
    : parts_(parts), attempt_(attempt), callbacks_(std::move(callbacks)), calls_(parts.api) {}

void InitRunner::run() {
  next();
}

void InitRunner::next() {
  if (stopping_) return fail(Reason::Cancelled, "was cancelled");
  if (++index_ == static_cast<int>(attempt_.init.size())) {
    const auto done = callbacks_.done;
    return done();
  }
  make();
}

void InitRunner::make() {
  maker_ = std::make_unique<ContainerMaker>(parts_, attempt_, index_);
  maker_->make({[this](const std::string& message) { callbacks_.progress(message); },
                [this](const ContainerMaker::Made& made) { start(made); },
                [this](const Refusal& refusal) { fail(refusal.reason, refusal.message); }});
}

void InitRunner::start(const ContainerMaker::Made& made) {
  callbacks_.progress("runs " + with_name(index_, attempt_.init[static_cast<size_t>(index_)].name));
  const std::string container = made.id;
  starter_ = std::make_unique<ContainerStarter>(parts_, container);
  const ContainerStarter::Callbacks callbacks{
      [this](const ContainerView& view) { on_started(view); },
      [this](const Refusal& refusal) { fail(refusal.reason, refusal.message); },
      [this](const std::string& message) { fail(Reason::Interrupted, message); }};
  if (made.found && made.found->state != ContainerView::State::Created) {
    starter_->resolve(callbacks);
  } else {
    starter_->start(ContainerStarter::After::Look, callbacks);
  }
}

void InitRunner::on_started(const ContainerView& view) {
  const std::string container = view.id;
  watch_ = std::make_unique<ExitWatch>(
      parts_.api, container,
      ExitWatch::Callbacks{[this](const ContainerView& ended) { on_ended(ended); },
                           [this] { fail(Reason::Interrupted, "the engine no longer knows it"); }});
  if (stopping_) stopper_ = std::make_unique<Stopper>(parts_.api, container, grace_);
  watch_->begin(view);
}

void InitRunner::on_ended(const ContainerView& view) {
  const int exit_code = view.started_at ? view.exit_code : -1;
  stopper_.reset();
  watch_.reset();
  starter_.reset();
  const std::string path = "/containers/" + view.id + "/logs?stdout=1&stderr=1";
  calls_.ask(parts_.api.get(path), [this, exit_code](const HttpResponse& response) {
    std::string text;
    MultiplexedLog frames;
    const auto parsed =
        frames.feed(response.body, [&text](LogStream, std::string_view bytes) { text += bytes; });
    const auto file = attempt_.directory / ("init-" + std::to_string(index_) + ".log");
    if (response.status == 200 && parsed) {
      if (auto written = write_file_atomically(file, text); !written) log::warning(written.error().message);
    }
    if (stopping_) return fail(Reason::Cancelled, "was cancelled");
    if (exit_code != 0) return fail(Reason::Error, "exited " + std::to_string(exit_code));
    next();
  });
}

void InitRunner::stop(Duration grace) {
  stopping_ = true;
  grace_ = grace;
  if (watch_) {
    const std::string container = container_name(attempt_.id, index_);
    stopper_ = std::make_unique<Stopper>(parts_.api, container, grace_);
  } else if (starter_) {
    starter_->cancel([this] { fail(Reason::Cancelled, "was cancelled"); });
  } else if (maker_) {
    maker_->cancel([this] { fail(Reason::Cancelled, "was cancelled"); });
  }
}

void InitRunner::on_event(const EngineEvent& event) {
  if (event.action == "die" && watch_ && event.name == container_name(attempt_.id, index_)) watch_->hint();
}

void InitRunner::hint() {
  if (watch_) watch_->hint();
}

void InitRunner::fail(Reason reason, const std::string& message) {
  const std::string name = index_ >= 0 && index_ < static_cast<int>(attempt_.init.size())
                               ? attempt_.init[static_cast<size_t>(index_)].name
                               : std::string();
  const auto failed = callbacks_.failed;
  failed({reason, reason == Reason::Cancelled ? message : with_name(index_, name) + " " + message});
}

}  // namespace studyctl
