#include "cli/explain.h"

#include <gtest/gtest.h>

#include <sstream>

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

TEST(Explain, EveryFieldHasItsMeaning) {
  for (const char* field :
       {"metadata", "spec", "spec.template.spec", "spec.template.spec.containers",
        "spec.template.spec.volumes", "spec.results", "spec.results.metrics", "spec.execution",
        "spec.execution.timeouts", "spec.execution.retry.rules", "spec.execution.failureThreshold"}) {
    const std::string text = explained(field);
    std::istringstream lines(text.substr(text.find("FIELDS:")));
    int fields = 0, meanings = 0;
    for (std::string line; std::getline(lines, line);) {
      const size_t indent = line.find_first_not_of(' ');
      if (indent == 2) ++fields;
      if (indent == 6) ++meanings;
    }
    EXPECT_GT(fields, 0) << text;
    EXPECT_EQ(fields, meanings) << text;
  }
}

TEST(Explain, ListsEveryFieldWhenItIsRecursive) {
  const std::string text = *explain({"", true});
  for (const char* field : {"apiVersion", "sweep", "initContainers", "hostPath", "logPattern", "pointer"})
    EXPECT_NE(text.find(std::string(" ") + field + "  <"), std::string::npos) << field;
}

}  // namespace
}  // namespace studyctl
