#include "engine/kubernetes/rights.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "engine/json_read.h"

namespace studyctl {
namespace {

using nlohmann::json;

struct Need {
  const char *group, *resource, *subresource, *verb;
};

// Without the events of a namespace, what waits says less; a Secret is made for few.
constexpr std::array<Need, 8> kNeeds = {{{"batch", "jobs", "", "create"},
                                         {"batch", "jobs", "", "get"},
                                         {"batch", "jobs", "", "list"},
                                         {"batch", "jobs", "", "delete"},
                                         {"", "pods", "", "list"},
                                         {"", "pods", "", "watch"},
                                         {"", "pods", "", "delete"},
                                         {"", "pods", "log", "get"}}};

constexpr char kReviews[] = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

class RightsCheck : public std::enable_shared_from_this<RightsCheck> {
 public:
  RightsCheck(ClusterApi& api, std::function<void(Result<void>)> done) : api_(api), done_(std::move(done)) {}

  void ask(size_t index) {
    if (index == kNeeds.size()) return on_all_asked();
    const Need& need = kNeeds.at(index);
    json attributes{{"namespace", api_.access().namespace_name},
                    {"group", need.group},
                    {"resource", need.resource},
                    {"verb", need.verb}};
    if (*need.subresource != '\0') attributes["subresource"] = need.subresource;
    const json review{{"apiVersion", "authorization.k8s.io/v1"},
                      {"kind", "SelfSubjectAccessReview"},
                      {"spec", {{"resourceAttributes", attributes}}}};
    api_.once(api_.post(kReviews, review.dump()), [self = shared_from_this(), index](const auto& answer) {
      if (!answer) return self->done_(answer.error());
      self->on_reviewed(index, *answer);
    });
  }

 private:
  void on_reviewed(size_t index, const HttpResponse& response) {
    const json answered = json::parse(response.body, nullptr, false);
    const json& status = json_child(answered, "status");
    const bool is_answered = response.status / 100 == 2 && json_child(status, "allowed").is_boolean();
    if (is_answered && !json_bool(status, "allowed")) miss(kNeeds.at(index));
    ask(index + 1);
  }

  // Verbs of one resource are one rule.
  void miss(const Need& need) {
    const std::string resource =
        need.resource + std::string(*need.subresource == '\0' ? "" : "/") + need.subresource;
    if (missing_.empty() || missing_.back().resource != resource)
      missing_.push_back({need.group, resource, {}});
    missing_.back().verbs.emplace_back(need.verb);
  }

  void on_all_asked() {
    if (missing_.empty()) return try_job();
    std::vector<std::string> rules;
    for (const Missing& one : missing_) rules.push_back(rbac_rule(one.group, one.resource, one.verbs));
    done_(Error{ErrorCode::Unavailable, "in namespace " + api_.access().namespace_name +
                                            " RBAC does not allow what is needed; a Role lacks " +
                                            join(rules, ", ")});
  }

  // Nothing else tells of a namespace that is leaving to those who may not look at it. What admission has
  // against this Job, it may not have against others.
  void try_job() {
    const json container{{"name", "main"}, {"image", "none"}};
    const json pod{{"restartPolicy", "Never"}, {"containers", {container}}};
    const json job{{"apiVersion", "batch/v1"},
                   {"kind", "Job"},
                   {"metadata", {{"generateName", "studyctl-"}}},
                   {"spec", {{"template", {{"spec", pod}}}}}};
    HttpRequest request = api_.create_job(job.dump());
    request.path += "?dryRun=All";
    api_.once(std::move(request), [self = shared_from_this()](const auto& answer) {
      if (!answer) return self->done_(answer.error());
      self->on_tried(*answer);
    });
  }

  void on_tried(const HttpResponse& response) {
    const std::string& name = api_.access().namespace_name;
    if (response.status == kStatusMissing)
      return done_(Error{ErrorCode::Unavailable,
                         "there is no namespace '" + name + "': kubectl create namespace " + name});
    if (response.body.find("being terminated") != std::string::npos)
      return done_(
          Error{ErrorCode::Unavailable,
                "namespace " + name + " is being deleted: wait until it is gone, or name another one"});
    done_({});
  }

  struct Missing {
    std::string group, resource;
    std::vector<std::string> verbs;
  };
  ClusterApi& api_;
  std::function<void(Result<void>)> done_;
  std::vector<Missing> missing_;
};

}  // namespace

void check_rights(ClusterApi& api, std::function<void(Result<void>)> done) {
  std::make_shared<RightsCheck>(api, std::move(done))->ask(0);
}

}  // namespace studyctl
