#include "engine/kubernetes/pod_log.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"

namespace studyctl {
namespace {

constexpr Duration kReadAgain{500};
constexpr Duration kDiskAgain{2000};

// A kubelet says in place of a log, and with status 200, that the container has none any more.
bool is_failure(std::string_view bytes) {
  constexpr std::array<std::string_view, 3> kBegins = {
      "failed to try resolving symlinks in path \"/var/log/pods/", "failed to open log file \"/var/log/pods/",
      "unable to retrieve container logs for "};
  return std::any_of(kBegins.begin(), kBegins.end(),
                     [&](std::string_view begin) { return bytes.starts_with(begin); });
}

// And behind what it gave it, without an end of line, where the container is removed meanwhile: "rpc error:
// code = Unknown desc = Error: No such container: <64 hex digits>".
std::string_view without_failure(std::string_view bytes) {
  constexpr size_t kId = 64;
  const size_t begin = bytes.rfind("rpc error: code = ");
  if (begin == std::string_view::npos) return bytes;
  const std::string_view said = bytes.substr(begin);
  if (said.find('\n') != std::string_view::npos || said.size() < kId) return bytes;
  const bool names_container =
      said.substr(said.size() - kId).find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return names_container ? bytes.substr(0, begin) : bytes;
}

}  // namespace

PodLog::PodLog(ClusterApi& api, std::string pod, std::filesystem::path directory)
    : api_(api), pod_(std::move(pod)), directory_(std::move(directory)) {}

PodLog::~PodLog() {
  api_.drop(call_);
  api_.drop(timer_);
}

void PodLog::follow(std::function<void()> ended) {
  ended_ = std::move(ended);
  follow_on();
}

void PodLog::follow_on() {
  is_following_ = true;
  read(Read::Follow, [this](End end) {
    is_following_ = false;
    was_followed_whole_ = end == End::Clean && (skip_ == 0 || was_followed_whole_);
    if (end == End::Clean && ended_) ended_();
    if (finished_) {
      api_.drop(timer_);
      return read_rest();
    }
    if (end == End::Denied) return await_leave([this] { follow_on(); });
    call_ = api_.after(end == End::DiskFailed ? kDiskAgain : kReadAgain, [this] { follow_on(); });
  });
}

void PodLog::finish(Duration patience, std::function<void(Result<void>)> done) {
  finished_ = std::move(done);
  if (is_following_ && patience > Duration(0)) {
    timer_ = api_.after(patience, [this] {
      api_.drop(call_);
      read_rest();
    });
    return;
  }
  api_.drop(call_);
  read_rest();
}

void PodLog::read_rest() {
  read(Read::Once, [this](End end) {
    const bool is_whole = was_followed_whole_ || (end == End::Clean && skip_ == 0);
    if (is_whole && (end == End::Clean || end == End::Lost)) return finished_({});
    if (end == End::Clean)
      return finished_(Error{ErrorCode::NotFound, "its node has rotated its log while it was not followed"});
    if (end == End::Lost) return finished_(Error{ErrorCode::NotFound, "the cluster has lost its log"});
    if (end == End::Denied) return await_leave([this] { read_rest(); });
    call_ = api_.after(end == End::DiskFailed ? kDiskAgain : kReadAgain, [this] { read_rest(); });
  });
}

// A log that we may not read now is not lost: `then` comes once we may.
void PodLog::await_leave(std::function<void()> then) {
  call_ = api_.insist(
      api_.get_pods("/" + pod_ + "/log?container=main&limitBytes=1"), [](const std::string&) {},
      [this, then = std::move(then)](const HttpResponse& response) {
        const bool is_refused = response.status == kStatusForbidden && finished_;
        if (is_refused)
          return finished_(
              Error{ErrorCode::NotFound, "the cluster does not give its log: " + cluster_failure(response)});
        call_ = api_.after(kReadAgain, then);
      });
}

void PodLog::read(Read how, std::function<void(End)> done) {
  status_ = 0;
  disk_failed_ = is_begun_ = is_lost_ = false;
  if (auto opened = open_files(); !opened) {
    log::warning("log of " + pod_ + ": " + opened.error().message);
    call_ = api_.after(Duration(0), [done = std::move(done)] { done(End::DiskFailed); });
    return;
  }
  skip_ = files_->size(LogStream::Stdout);
  const std::string query = how == Read::Follow ? "/log?container=main&follow=true" : "/log?container=main";
  call_ = api_.stream(
      api_.get_pods("/" + pod_ + query), [this](const HttpResponse& response) { status_ = response.status; },
      [this](std::string_view bytes) { return status_ != 200 || take(bytes); },
      [this, done = std::move(done)](const Result<HttpResponse>& answer) {
        call_ = 0;
        if (disk_failed_) return done(End::DiskFailed);
        if (is_lost_) return done(End::Lost);
        if (!answer || answer->status >= 500 || answer->status == 429) return done(End::Broken);
        const bool is_denied = answer->status == kStatusUnauthorized || answer->status == kStatusForbidden;
        if (is_denied) return done(End::Denied);
        done(answer->status == 200 ? End::Clean : End::Lost);
      });
}

// Returns false once the disk takes no more, or there is nothing to be read.
bool PodLog::take(std::string_view bytes) {
  is_lost_ = !std::exchange(is_begun_, true) && is_failure(bytes);
  if (is_lost_) return false;
  bytes = without_failure(bytes);
  const size_t known = static_cast<size_t>(std::min<uint64_t>(skip_, bytes.size()));
  skip_ -= known;
  bytes.remove_prefix(known);
  if (bytes.empty()) return true;
  if (auto written = files_->append(LogStream::Stdout, bytes, api_.clock().now()); !written) {
    log::warning("log of " + pod_ + ": " + written.error().message);
    disk_failed_ = true;
    files_.reset();
  }
  return !disk_failed_;
}

// Opened anew after a failure: that cuts what was half written.
Result<void> PodLog::open_files() {
  if (files_) return {};
  auto opened = LogFiles::open(directory_);
  if (!opened) return std::move(opened).error();
  files_.emplace(std::move(*opened));
  return {};
}

}  // namespace studyctl
