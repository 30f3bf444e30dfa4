#include "engine/docker/log_capture.h"

#include <algorithm>

#include "base/log.h"

namespace studyctl {
namespace {

constexpr Duration kReadAgain{500};
constexpr Duration kDiskAgain{2000};
constexpr int kRefusals = 10;  // before what an engine cannot do now is taken for what it never can
constexpr int kNotImplemented = 501;

}  // namespace

LogCapture::LogCapture(EngineApi& api, std::string container, std::filesystem::path directory)
    : api_(api), container_(std::move(container)), directory_(std::move(directory)), calls_(api) {}

// That a stream ended well proves nothing: Docker ends one now and then while its container still speaks.
void LogCapture::follow() {
  read(Read::Follow, [this](End end) {
    if (end == End::Lost) return;
    calls_.after(end == End::DiskFailed ? kDiskAgain : kReadAgain, [this] { follow(); });
  });
}

void LogCapture::finish(std::function<void(Result<void>)> done) {
  finished_ = std::move(done);
  refusals_ = 0;
  calls_.drop_all();
  read_rest();
}

void LogCapture::read_rest() {
  read(Read::Once, [this](End end) {
    if (end == End::Clean) return tell({});
    if (end == End::Lost) return tell(Error{ErrorCode::NotFound, "the engine has lost its log"});
    calls_.after(end == End::DiskFailed ? kDiskAgain : kReadAgain, [this] { read_rest(); });
  });
}

void LogCapture::tell(Result<void> result) {
  const auto finished = std::move(finished_);
  calls_.drop_all();
  finished(std::move(result));
}

void LogCapture::read(Read how, std::function<void(End)> done) {
  if (auto opened = open_files(); !opened) {
    log::warning("log of " + container_ + ": " + opened.error().message);
    calls_.after(Duration(0), [done = std::move(done)] { done(End::DiskFailed); });
    return;
  }
  frames_ = MultiplexedLog();
  skip_[0] = files_->size(LogStream::Stdout);
  skip_[1] = files_->size(LogStream::Stderr);
  status_ = 0;
  disk_failed_ = false;
  parse_error_.reset();
  HttpRequest request = api_.get("/containers/" + container_ + "/logs?stdout=1&stderr=1" +
                                 (how == Read::Follow ? "&follow=1" : ""));
  request.timeout.reset();
  calls_.stream(
      std::move(request), [this](const HttpResponse& response) { status_ = response.status; },
      [this](std::string_view bytes) {
        if (status_ != 200) return true;
        auto parsed = frames_.feed(
            bytes, [this](LogStream stream, std::string_view payload) { take(stream, payload); });
        if (!parsed) parse_error_ = parsed.error();
        return parsed && !disk_failed_;
      },
      [this, done = std::move(done)](const Result<HttpResponse>& answer) {
        if (disk_failed_) return done(End::DiskFailed);
        if (parse_error_) return done(parse_error_->code == ErrorCode::Internal ? End::Lost : End::Broken);
        if (!answer || !frames_.is_between_frames()) return done(End::Broken);
        if (status_ == 0) status_ = answer->status;
        if (status_ == 200) {
          refusals_ = 0;
          return done(End::Clean);
        }
        const bool may_pass = status_ >= 500 && status_ != kNotImplemented;
        done(may_pass && ++refusals_ < kRefusals ? End::Broken : End::Lost);
      });
}

void LogCapture::take(LogStream stream, std::string_view bytes) {
  uint64_t& skip = skip_[stream == LogStream::Stdout ? 0 : 1];
  const size_t known = static_cast<size_t>(std::min<uint64_t>(skip, bytes.size()));
  skip -= known;
  bytes.remove_prefix(known);
  if (bytes.empty() || disk_failed_) return;
  if (auto written = files_->append(stream, bytes, api_.loop().clock().now()); !written) {
    log::warning("log of " + container_ + ": " + written.error().message);
    disk_failed_ = true;
    files_.reset();
  }
}

// Opened anew after a failure: that cuts what was half written.
Result<void> LogCapture::open_files() {
  if (files_) return {};
  auto opened = LogFiles::open(directory_);
  if (!opened) return std::move(opened).error();
  files_.emplace(std::move(*opened));
  return {};
}

}  // namespace studyctl
