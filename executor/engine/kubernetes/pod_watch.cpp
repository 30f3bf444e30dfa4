#include "engine/kubernetes/pod_watch.h"

#include <algorithm>

#include "base/log.h"
#include "engine/docker/api_json.h"

namespace studyctl {
namespace {

constexpr Duration kFirstBackoff{500};
constexpr Duration kLongestBackoff{30'000};
constexpr int kSecondsOfAWatch = 480;
constexpr size_t kLongestLine = 4u << 20;
constexpr int kGone = 410;

}  // namespace

PodWatch::PodWatch(ClusterApi& api, const std::string& selector, Listener listener)
    : api_(api),
      selector_(query_escape(selector)),
      listener_(std::move(listener)),
      lines_(kLongestLine),
      backoff_(kFirstBackoff) {}

void PodWatch::list(std::function<void()> done) {
  if (done) waiting_.push_back(std::move(done));
  api_.drop(call_);
  listed_.clear();
  list_page("");
}

void PodWatch::list_page(const std::string& next) {
  const std::string page = next.empty() ? "" : "&continue=" + query_escape(next);
  call_ = api_.ask(api_.get_pods("?limit=500&labelSelector=" + selector_ + page),
                   [this](const HttpResponse& response) { on_page(response); });
}

void PodWatch::on_page(const HttpResponse& response) {
  call_ = 0;
  if (response.status == kGone) return list({});  // it took longer than the cluster remembers
  auto page = parse_pod_list(response.body);
  if (response.status != 200 || !page) {
    log::warning("the cluster's pods: " +
                 (response.status == 200 ? page.error().message : cluster_failure(response)));
    return later([this] { list({}); });
  }
  for (PodView& pod : page->pods) {
    const std::string name = pod.name;
    listed_.insert_or_assign(name, std::move(pod));
  }
  if (!page->next.empty()) return list_page(page->next);
  resource_version_ = page->resource_version;
  compare();
  watch();
  for (const auto& done : std::exchange(waiting_, {})) done();
}

void PodWatch::compare() {
  const auto before = std::exchange(pods_, std::exchange(listed_, {}));
  for (const auto& [name, pod] : before) {
    const auto now = pods_.find(name);
    if (now == pods_.end() || now->second.uid != pod.uid) listener_.deleted(pod);
  }
  const auto now = pods_;
  for (const auto& [name, pod] : now) listener_.shown(pod);
}

void PodWatch::watch() {
  lines_ = LineSplitter(kLongestLine);
  status_ = 0;
  heard_ = false;
  watched_since_ = api_.clock().steady();
  HttpRequest request = api_.get_pods("?watch=1&allowWatchBookmarks=true&labelSelector=" + selector_ +
                                      "&timeoutSeconds=" + std::to_string(kSecondsOfAWatch) +
                                      "&resourceVersion=" + query_escape(resource_version_));
  call_ = api_.stream(
      std::move(request), [this](const HttpResponse& response) { status_ = response.status; },
      [this](std::string_view bytes) {
        if (status_ == 200) lines_.feed(bytes, [this](std::string_view line) { on_line(line); });
        return status_ == 200 && !resource_version_.empty();
      },
      [this](const Result<HttpResponse>& answer) { on_end(answer); });
}

void PodWatch::on_line(std::string_view line) {
  if (resource_version_.empty()) return;
  PodChange change = parse_pod_change(line);
  if (change.kind == PodChange::Kind::Expired || change.kind == PodChange::Kind::Failed) {
    if (change.kind == PodChange::Kind::Failed) log::warning("the cluster's pods: " + change.failure);
    resource_version_.clear();
    return;
  }
  heard_ = true;
  resource_version_ = change.resource_version;
  if (change.kind == PodChange::Kind::Bookmark) return;
  if (change.kind == PodChange::Kind::Deleted) {
    pods_.erase(change.pod.name);
    listener_.deleted(change.pod);
  } else {
    pods_.insert_or_assign(change.pod.name, change.pod);
    listener_.shown(change.pod);
  }
}

// A watch that ended by its time goes on where it was; after anything else all is looked at anew.
void PodWatch::on_end(const Result<HttpResponse>& answer) {
  call_ = 0;
  if (api_.clock().steady() - watched_since_ > kLongestBackoff) backoff_ = kFirstBackoff;
  const bool is_clean = answer && status_ == 200 && heard_ && !resource_version_.empty();
  if (is_clean) return watch();
  resource_version_.clear();
  later([this] { list({}); });
}

void PodWatch::later(std::function<void()> what) {
  call_ = api_.after(backoff_, std::move(what));
  backoff_ = std::min(backoff_ * 2, kLongestBackoff);
}

}  // namespace studyctl
