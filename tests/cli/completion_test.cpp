#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "cli/applied_study.h"

namespace studyctl {
namespace {

// What bash offers behind `words`, the last of which is being typed.
std::string offered(const std::filesystem::path& script, const std::string& words) {
  const std::string command =
      "bash -c 'source " + script.string() + "; COMP_WORDS=(" + words +
      "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _studyctl; echo \"${COMPREPLY[*]}\"'";
  std::FILE* shell = popen(command.c_str(), "r");
  std::string text;
  char buffer[4096];
  while (const size_t got = std::fread(buffer, 1, sizeof buffer, shell)) text.append(buffer, got);
  EXPECT_EQ(pclose(shell), 0);
  return text;
}

class CompletionTest : public testing::Test {
 protected:
  CompletionTest() { std::ofstream(script_) << type(home_.path(), {"completion", "bash"}).out; }

  TemporaryDirectory home_;
  std::filesystem::path script_ = home_.path() / "completion.bash";
};

TEST_F(CompletionTest, CommandsAndTheirKindsAreOffered) {
  EXPECT_EQ(offered(script_, "studyctl desc"), "describe\n");
  EXPECT_EQ(offered(script_, "studyctl get rep"), "repetitions\n");
  EXPECT_EQ(offered(script_, "studyctl delete st"), "study\n");
}

TEST_F(CompletionTest, FlagsAreThoseOfTheCommand) {
  EXPECT_EQ(offered(script_, "studyctl logs --ti"), "--timestamps\n");
  EXPECT_EQ(offered(script_, "studyctl wait --ti"), "--timeout\n");
}

TEST_F(CompletionTest, StatesAndReasonsAreOffered) {
  EXPECT_EQ(offered(script_, "studyctl get repetitions --state Fa"), "Failed\n");
  EXPECT_EQ(offered(script_, "studyctl get repetitions --reason OO"), "OOMKilled\n");
}

TEST_F(CompletionTest, StudiesAreThoseThatThereAre) {
  std::ofstream(script_, std::ios::app) << "studyctl() { echo nmr; echo screening; }\n";
  EXPECT_EQ(offered(script_, "studyctl describe nm"), "nmr\n");
}

TEST_F(CompletionTest, OtherShellsHaveTheirOwn) {
  EXPECT_EQ(type(home_.path(), {"completion", "zsh"}).out.rfind("#compdef studyctl", 0), 0u);
  EXPECT_NE(type(home_.path(), {"completion", "fish"}).out.find("complete -c studyctl"), std::string::npos);
  EXPECT_EQ(type(home_.path(), {"completion", "tcsh"}).code, 4);
}

}  // namespace
}  // namespace studyctl
