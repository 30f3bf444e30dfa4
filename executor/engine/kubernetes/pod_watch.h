#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/kubernetes/cluster_api.h"
#include "engine/kubernetes/pod.h"
#include "io/line_splitter.h"

namespace studyctl {

// All pods with one label, as they change: one list, then one watch, whatever becomes of the connection.
class PodWatch {
 public:
  struct Listener {
    std::function<void(const PodView&)> shown;
    std::function<void(const PodView&)> deleted;  // as it was last seen
  };

  // `selector`: "studyctl.io/volume=…".
  PodWatch(ClusterApi& api, const std::string& selector, Listener listener);

  // Lists them all now, tells of each, and calls back once that is done.
  void list(std::function<void()> done);

  const std::map<std::string, PodView>& pods() const { return pods_; }

 private:
  void list_page(const std::string& next);
  void on_page(const HttpResponse& response);
  void compare();
  void watch();
  void on_line(std::string_view line);
  void on_end(const Result<HttpResponse>& answer);
  void later(std::function<void()> what);

  ClusterApi& api_;
  std::string selector_;
  Listener listener_;
  std::map<std::string, PodView> pods_;    // by name
  std::map<std::string, PodView> listed_;  // by the listing that is on
  std::vector<std::function<void()>> waiting_;
  std::string resource_version_;  // where to go on; empty: by a list
  LineSplitter lines_;
  Duration backoff_;
  int status_ = 0;
  bool heard_ = false;    // on this watch
  Steady watched_since_;  // likewise
  ClusterApi::Token call_ = 0;
};

}  // namespace studyctl
