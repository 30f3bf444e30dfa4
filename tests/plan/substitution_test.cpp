#include "plan/substitution.h"

#include <gtest/gtest.h>

#include "plan/experiment.h"
#include "plan/study_builder.h"

namespace studyctl {
namespace {

class Substitution : public testing::Test {
 protected:
  std::string of(std::string_view written) const {
    const Result<std::string> result = substitute(written, scope_);
    return result ? *result : "error: " + result.error().message;
  }

  const Point point_{{{"model", text("tiny")},
                      {"charge", number("-1")},
                      {"pytorch.batch_size", number("8")},
                      {"evil", text("${run.seed} --flag")}}};
  const SubstitutionScope scope_{&point_,
                                 {{"seed", "42"}, {"id", "r1"}},
                                 {{"id", "tiny-0123"}},
                                 {{"cpu", "4"}, {"memory", "1073741824"}}};
};

TEST_F(Substitution, PutsInWhatNamesStandFor) {
  EXPECT_EQ(of("acme/${params.model}:1.4"), "acme/tiny:1.4");
  EXPECT_EQ(of("${params.charge}${params.pytorch.batch_size}"), "-18");
  EXPECT_EQ(of("${run.seed} ${run.id} ${experiment.id} ${resources.cpu}"), "42 r1 tiny-0123 4");
  EXPECT_EQ(of(""), "");
}

TEST_F(Substitution, WhatWasPutInIsNeverReadAgain) {
  EXPECT_EQ(of("${params.evil}"), "${run.seed} --flag");
}

TEST_F(Substitution, WhatShellsKnowPassesThrough) {
  for (const char* written : {"${HOME}", "$HOME", "${file%.out}", "${1}", "${x:-0.5}", "$(cmd)", "$", "$$",
                              "${", "${}", "}", "${a[1.5]}", "cost: $5 {params.model}"}) {
    EXPECT_EQ(of(written), written);
  }
}

TEST_F(Substitution, TwoDollarsGiveTheTextItself) {
  EXPECT_EQ(of("$${params.model}"), "${params.model}");
  EXPECT_EQ(of("$${HOME} ${params.model}"), "${HOME} tiny");
  EXPECT_EQ(of("$$${params.model}"), "$${params.model}");
}

TEST_F(Substitution, VariablesAreExpandedAsKubernetesDoes) {
  const std::map<std::string, std::string> variables = {{"A", "x"}, {"B", "$(A)"}, {"N.1-_", "n"}};
  SubstitutionScope scope = scope_;
  scope.variables = &variables;
  const std::pair<const char*, const char*> texts[] = {
      {"$(A)", "x"},
      {"a$(A)b$(N.1-_)", "axbn"},
      {"$$(A)", "$(A)"},
      {"$$$(A)", "$x"},
      {"$$", "$"},
      {"$(B)", "$(A)"},
      {"$(C)", "$(C)"},
      {"$(date +%s)", "$(date +%s)"},
      {"$(A", "$(A"},
      {"$(x $(A))", "$(x $(A))"},
      {"$A ${A} $", "$A ${A} $"},
      {"$()", "$()"},
      {"$${params.model}", "${params.model}"},
      {"$(A)${params.model}$(A)", "xtinyx"},
      {"$(${params.model})", "$(tiny)"},
  };
  for (const auto& [written, read] : texts) EXPECT_EQ(*substitute(written, scope), read) << written;
}

TEST_F(Substitution, WhatWasPutInIsNotExpanded) {
  const Point point{{{"evil", text("$(A) $$ ${HOME}")}}};
  const std::map<std::string, std::string> variables = {{"A", "x"}};
  SubstitutionScope scope;
  scope.point = &point;
  scope.variables = &variables;
  EXPECT_EQ(*substitute("${params.evil}", scope), "$(A) $$ ${HOME}");
}

TEST_F(Substitution, AnUnknownNameIsAnErrorWithTheNearest) {
  EXPECT_EQ(of("${params.modle}"),
            "error: ${params.modle}: nothing has this name; did you mean ${params.model}?");
  EXPECT_EQ(of("${run.sede}"), "error: ${run.sede}: nothing has this name; did you mean ${run.seed}?");
  EXPECT_TRUE(of("${foo.bar}").starts_with("error: ${foo.bar}: nothing has this name"));
  EXPECT_TRUE(of("${params.}").starts_with("error: "));
}

TEST_F(Substitution, AnUnclosedReferenceIsAnError) {
  EXPECT_NE(of("run ${params.model").find("not closed"), std::string::npos);
}

TEST(NamesUsed, AreThoseOfReferencesAlone) {
  EXPECT_EQ(*names_used("${params.a.b} $${params.c} ${HOME} ${run.id}"),
            (std::vector<std::string>{"params.a.b", "run.id"}));
  EXPECT_FALSE(names_used("${params.a"));
}

TEST(Substitute, TheDefaultStandsForWhatIsAbsentOrEmpty) {
  const Point point{{{"a", text("x")}, {"b", text("")}}};
  SubstitutionScope scope;
  scope.point = &point;
  EXPECT_EQ(*substitute("${params.a:-1} ${params.b:-2} ${params.c:-3} ${params.c:-}", scope), "x 2 3 ");
  EXPECT_FALSE(substitute("${params.c}", scope));
}

}  // namespace
}  // namespace studyctl
