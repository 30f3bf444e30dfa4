#include "cli/remote/remote_rules.h"

#include <gtest/gtest.h>

#include "cli/commands.h"
#include "cli/context.h"

namespace studyctl {
namespace {

using Words = std::vector<std::string>;

// What a service says to a viewer or an operator who sends these words; empty: it runs them.
std::string said_to(Caller::Role role, Words words) {
  CLI::App app;
  Context context;
  add_commands(app, context);
  std::reverse(words.begin(), words.end());
  app.parse(words);
  const auto refused = refuse_for({"ann", role}, app);
  return refused ? refused->message : "";
}

constexpr auto kViewer = Caller::Role::Viewer;
constexpr auto kOperator = Caller::Role::Operator;

TEST(RemoteRulesTest, AViewerMayLook) {
  EXPECT_EQ(said_to(kViewer, {"get", "runs"}), "");
  EXPECT_EQ(said_to(kViewer, {"logs", "nmr", "-f"}), "");
  EXPECT_EQ(said_to(kViewer, {"results", "nmr"}), "");
}

TEST(RemoteRulesTest, AViewerMayChangeNothing) {
  for (const Words& words : {Words{"cancel", "nmr"},
                             {"delete", "run", "nmr", "--yes"},
                             {"prune", "--runs", "1"},
                             {"results", "nmr", "--extract"}})
    EXPECT_NE(said_to(kViewer, words).find("takes an operator's token"), std::string::npos) << words.front();
  EXPECT_EQ(said_to(kOperator, {"cancel", "nmr"}), "");
  EXPECT_EQ(said_to(kOperator, {"results", "nmr", "--extract"}), "");
}

TEST(RemoteRulesTest, WhatWouldUseTheMachineOfTheServiceIsNoCommandForIt) {
  for (const Words& words : {Words{"apply", "study.yaml"},
                             {"serve"},
                             {"token", "eve"},
                             {"doctor"},
                             {"export", "nmr", "--ro-crate", "crate"},
                             {"config", "get-contexts"}})
    EXPECT_NE(said_to(kOperator, words).find("is no command for a service"), std::string::npos)
        << words.front();
}

TEST(RemoteRulesTest, FilesOfTheServicesMachineAreNotNamed) {
  EXPECT_NE(said_to(kOperator, {"report", "nmr", "-o", "/etc/cron.d/x"}), "");
  EXPECT_EQ(said_to(kOperator, {"report", "nmr", "-o", "-"}), "");
  EXPECT_NE(said_to(kOperator, {"results", "nmr", "--extract", "-f", "/etc/shadow"}), "");
}

TEST(RemoteRulesTest, OptionsAreTakenOutWithTheirValues) {
  EXPECT_EQ(without_options({"--server", "x", "get", "--context=y", "runs", "-o", "json"},
                            {"--server", "--context"}),
            (Words{"get", "runs", "-o", "json"}));
  EXPECT_EQ(without_options({"report", "nmr", "-ofile", "--output", "b"}, {"--output", "-o"}),
            (Words{"report", "nmr"}));
  EXPECT_EQ(without_options({"get", "--", "--server", "x"}, {"--server"}),
            (Words{"get", "--", "--server", "x"}));
  EXPECT_EQ(without_options({"get", "--server"}, {"--server"}), (Words{"get"}));
}

}  // namespace
}  // namespace studyctl
