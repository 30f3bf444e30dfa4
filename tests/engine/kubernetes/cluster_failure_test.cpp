#include <gtest/gtest.h>

#include "engine/kubernetes/cluster_api.h"

namespace studyctl {
namespace {

std::string failure_of(int status, const std::string& message) {
  HttpResponse response;
  response.status = status;
  response.body = message.empty() ? "" : R"({"kind":"Status","message":")" + message + R"("})";
  return cluster_failure(response);
}

TEST(ClusterFailure, NamesTheRuleThatIsMissing) {
  EXPECT_EQ(
      failure_of(403, R"(jobs.batch is forbidden: User \"ann\" cannot create resource \"jobs\" in API group )"
                      R"(\"batch\" in the namespace \"lab\")"),
      R"(jobs.batch is forbidden: User "ann" cannot create resource "jobs" in API group "batch" in the )"
      R"(namespace "lab": a Role lacks {apiGroups: [batch], resources: [jobs], verbs: [create]})");
}

TEST(ClusterFailure, WritesTheGroupOfPodsAsARoleDoes) {
  EXPECT_NE(
      failure_of(403,
                 R"(pods is forbidden: User \"ann\" cannot list resource \"pods\" in API group \"\" in the )"
                 R"(namespace \"lab\")")
          .find(R"(a Role lacks {apiGroups: [""], resources: [pods], verbs: [list]})"),
      std::string::npos);
}

TEST(ClusterFailure, OfAnotherRefusalIsWhatTheClusterSaid) {
  const std::string said = "jobs.batch is forbidden: exceeded quota: one";
  EXPECT_EQ(failure_of(403, said), said);
  EXPECT_EQ(failure_of(500, ""), "it answered 500");
  EXPECT_NE(failure_of(401, "Unauthorized").find("the token may be expired"), std::string::npos);
}

}  // namespace
}  // namespace studyctl
