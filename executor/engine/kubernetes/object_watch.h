#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "engine/docker/api_json.h"
#include "engine/kubernetes/cluster_api.h"
#include "io/line_splitter.h"

namespace studyctl {

// A page of a list of objects.
template <class View>
struct ObjectList {
  std::vector<View> objects;
  std::string resource_version;
  std::string next;  // the token of the next page; empty on the last
};

// A line of a watch.
template <class View>
struct ObjectChange {
  enum class Kind : uint8_t { Shown, Deleted, Bookmark, Expired, Failed };
  Kind kind = Kind::Failed;
  View object;                   // Shown and Deleted
  std::string resource_version;  // of all but Expired and Failed
  std::string failure;           // Failed
};

// All objects of one kind, as they change: one list, then one watch, whatever becomes of the connection. A
// View is what is kept of an object; it has a `uid`.
template <class View>
class ObjectWatch {
 public:
  struct Listener {
    std::function<void(const View&)> shown;
    std::function<void(const View&)> deleted;  // as it was last seen
  };
  struct Source {
    std::string what;                                          // "pods", for people
    std::function<HttpRequest(const std::string& query)> get;  // "limit=500…"
    std::function<Result<ObjectList<View>>(std::string_view json)> list;
    std::function<ObjectChange<View>(std::string_view line)> change;
    int page = 500;
  };

  ObjectWatch(ClusterApi& api, Source source, Listener listener)
      : api_(api), source_(std::move(source)), listener_(std::move(listener)), lines_(kLongestLine) {}
  ~ObjectWatch() { drop(); }
  ObjectWatch(const ObjectWatch&) = delete;
  ObjectWatch& operator=(const ObjectWatch&) = delete;

  // Lists them all now, tells of each, and calls back once that is done.
  void list(std::function<void()> done) {
    if (done) waiting_.push_back(std::move(done));
    drop();
    listed_.clear();
    list_page("");
  }

  const std::map<std::string, View>& objects() const { return objects_; }  // by uid

 private:
  static constexpr Duration kFirstBackoff{500};
  static constexpr Duration kLongestBackoff{30'000};
  static constexpr int kSecondsOfAWatch = 480;
  static constexpr Duration kLongestWatch = std::chrono::seconds(kSecondsOfAWatch + 60);
  static constexpr size_t kLongestLine = 4u << 20;
  static constexpr int kGone = 410;

  void list_page(const std::string& next) {
    const std::string page = next.empty() ? "" : "&continue=" + query_escape(next);
    call_ = api_.insist(
        source_.get("limit=" + std::to_string(source_.page) + page), [](const std::string&) {},
        [this](const HttpResponse& response) { on_page(response); });
  }

  void on_page(const HttpResponse& response) {
    call_ = 0;
    if (response.status == kGone) return list({});  // it took longer than the cluster remembers
    auto page = source_.list(response.body);
    if (response.status != 200 || !page) {
      log::warning("the cluster's " + source_.what + ": " +
                   (response.status == 200 ? page.error().message : cluster_failure(response)));
      return later([this] { list({}); });
    }
    for (View& object : page->objects) {
      const std::string uid = object.uid;
      listed_.insert_or_assign(uid, std::move(object));
    }
    if (!page->next.empty()) return list_page(page->next);
    resource_version_ = page->resource_version;
    compare();
    watch();
    for (const auto& done : std::exchange(waiting_, {})) done();
  }

  void compare() {
    const auto before = std::exchange(objects_, std::exchange(listed_, {}));
    for (const auto& [uid, object] : before)
      if (!objects_.contains(uid)) listener_.deleted(object);
    const auto now = objects_;
    for (const auto& [uid, object] : now) listener_.shown(object);
  }

  void watch() {
    lines_ = LineSplitter(kLongestLine);
    status_ = 0;
    heard_ = false;
    watched_since_ = api_.clock().steady();
    HttpRequest request =
        source_.get("watch=1&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(kSecondsOfAWatch) +
                    "&resourceVersion=" + query_escape(resource_version_));
    call_ = api_.stream(
        std::move(request), [this](const HttpResponse& response) { status_ = response.status; },
        [this](std::string_view bytes) {
          if (status_ == 200) lines_.feed(bytes, [this](std::string_view line) { on_line(line); });
          return status_ == 200 && !resource_version_.empty();
        },
        [this](const Result<HttpResponse>& answer) { on_end(answer); });
    // Something between us and the cluster may hold the connection and say nothing.
    deadline_ = api_.after(kLongestWatch, [this] { list({}); });
  }

  void drop() {
    api_.drop(call_);
    api_.drop(deadline_);
  }

  void on_line(std::string_view line) {
    using Kind = typename ObjectChange<View>::Kind;
    if (resource_version_.empty()) return;
    ObjectChange<View> change = source_.change(line);
    if (change.kind == Kind::Expired || change.kind == Kind::Failed) {
      if (change.kind == Kind::Failed) log::warning("the cluster's " + source_.what + ": " + change.failure);
      resource_version_.clear();
      return;
    }
    heard_ = true;
    resource_version_ = change.resource_version;
    if (change.kind == Kind::Bookmark) return;
    if (change.kind == Kind::Deleted) {
      objects_.erase(change.object.uid);
      listener_.deleted(change.object);
    } else {
      objects_.insert_or_assign(change.object.uid, change.object);
      listener_.shown(change.object);
    }
  }

  // A watch that ended by its time goes on where it was; after anything else all is looked at anew.
  void on_end(const Result<HttpResponse>& answer) {
    call_ = 0;
    api_.drop(deadline_);
    if (api_.clock().steady() - watched_since_ > kLongestBackoff) backoff_ = kFirstBackoff;
    const bool is_clean = answer && status_ == 200 && heard_ && !resource_version_.empty();
    if (is_clean) return watch();
    resource_version_.clear();
    later([this] { list({}); });
  }

  void later(std::function<void()> what) {
    call_ = api_.after(backoff_, std::move(what));
    backoff_ = std::min(backoff_ * 2, kLongestBackoff);
  }

  ClusterApi& api_;
  Source source_;
  Listener listener_;
  std::map<std::string, View> objects_;
  std::map<std::string, View> listed_;  // by the listing that is on
  std::vector<std::function<void()>> waiting_;
  std::string resource_version_;  // where to go on; empty: by a list
  LineSplitter lines_;
  Duration backoff_ = kFirstBackoff;
  int status_ = 0;
  bool heard_ = false;    // on this watch
  Steady watched_since_;  // likewise
  ClusterApi::Token call_ = 0;
  ClusterApi::Token deadline_ = 0;  // of the watch that is on
};

}  // namespace studyctl
