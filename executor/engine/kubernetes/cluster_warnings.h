#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kubernetes/cluster_api.h"

namespace studyctl {

// What a cluster warns of: "FailedMount", and what it says.
struct ClusterWarning {
  std::string reason, message;
  std::string at{};  // RFC 3339, by the cluster's clock; later ones compare greater
};

// A page of a list of events; what is no warning is left out.
struct WarningPage {
  struct About {
    std::string name;  // of the object
    ClusterWarning warning;
  };
  std::vector<About> warnings;
  std::string next;  // the token of the next page; empty on the last
};
WarningPage parse_warnings(std::string_view json);

// The newest warning about each object of the namespace that somebody waits for: one list for all of them at
// an interval, and none while nobody asks. (For each list of events an API server reads all of them from its
// store, whomever they are about.) Lives on the loop's thread.
class ClusterWarnings {
 public:
  using Token = uint64_t;
  using Hear = std::function<void(const ClusterWarning&)>;

  explicit ClusterWarnings(ClusterApi& api) : api_(api), calls_(api) {}

  // Tells `hear` once, by a list that begins from now on; an empty one where nothing is said about `name`.
  Token ask(const std::string& name, Hear hear);
  // Unknown tokens are ignored.
  void drop(Token token) { asked_.erase(token); }

 private:
  struct Asked {
    std::string name;
    Hear hear;
  };
  void list_when_due();
  void list();
  void list_page(const std::string& next);
  void on_page(const HttpResponse& response);
  void tell();

  ClusterApi& api_;
  ClusterCalls calls_;
  std::map<Token, Asked> asked_;
  std::map<std::string, WarningPage::About> newest_;  // by the list that is on
  Token last_ = 0;
  Token last_of_list_ = 0;  // who asked later is told by the next one
  bool is_on_ = false;      // a list, or the wait for it
  Steady began_, due_{};
};

}  // namespace studyctl
