#include "cli/explain.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

std::string explained(const std::string& field) {
  const auto text = explain({field, false});
  return text ? *text : text.error().message;
}

TEST(Explain, SaysTypeDefaultAndMeaningOfAField) {
  EXPECT_NE(explained("spec.execution.order").find("<Sequential | Interleaved | Shuffled"),
            std::string::npos);
  EXPECT_NE(explained("spec.execution.order").find(", default Sequential"), std::string::npos);
}

TEST(Explain, EntersListsByTheirFields) {
  const std::string text = explained("spec.execution.retry.rules");
  EXPECT_NE(text.find("<list of map>"), std::string::npos) << text;
  EXPECT_NE(text.find("  action  <Retry | Fail | FailStudy | Infeasible> required\n"), std::string::npos)
      << text;
  EXPECT_NE(explained("spec.execution.retry.rules.exitCodes").find("list of integer"), std::string::npos);
}

TEST(Explain, TakesKubectlsSpellingToo) {
  EXPECT_EQ(explained("study.spec.execution"), explained("spec.execution"));
  EXPECT_EQ(explained("study"), explained(""));
}

TEST(Explain, AnUnknownFieldGetsTheNearest) {
  EXPECT_EQ(explained("spec.execution.retyr"), "spec.execution has no field 'retyr', did you mean 'retry'?");
  EXPECT_EQ(explained("spec.execution.order.x"), "spec.execution.order has no fields");
}

TEST(Explain, ListsEveryFieldWhenItIsRecursive) {
  const std::string text = *explain({"", true});
  for (const char* field : {"apiVersion", "sweep", "initContainers", "hostPath", "logPattern", "pointer"})
    EXPECT_NE(text.find(std::string(" ") + field + "  <"), std::string::npos) << field;
}

}  // namespace
}  // namespace studyctl
