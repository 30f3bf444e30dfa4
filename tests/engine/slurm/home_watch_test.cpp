#include "engine/slurm/home_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"

namespace studyctl {
namespace {

class HomeWatched : public ::testing::Test {
 protected:
  HomeWatched() { std::filesystem::create_directories(directory); }
  ~HomeWatched() override { std::filesystem::remove_all(directory); }

  SystemClock clock;
  EventLoop loop{clock};
  std::vector<std::string> told;
  HomeWatch watch{loop, [this](const AttemptId& id, std::string_view file) {
                    told.push_back(id.text + " " + std::string(file));
                  }};
  const std::filesystem::path directory =
      std::filesystem::path(::testing::TempDir()) / ("home-watch-" + std::to_string(getpid()));
};

TEST_F(HomeWatched, TellsOfAFileThatIsRenamedIntoPlace) {
  watch.add({"one"}, directory);
  ASSERT_TRUE(watch.has({"one"}));
  ASSERT_TRUE(replace_file(directory / "exit", "code=0\n"));
  loop.run_once(std::chrono::seconds(5));
  EXPECT_EQ(told, std::vector<std::string>{"one exit"});
}

TEST_F(HomeWatched, ForgetsADirectoryThatGoes) {
  watch.add({"one"}, directory);
  std::filesystem::remove_all(directory);
  loop.run_once(std::chrono::seconds(5));
  EXPECT_FALSE(watch.has({"one"}));
  EXPECT_TRUE(told.empty());
}

TEST_F(HomeWatched, SaysThatWhatIsNotThereIsNotWatched) {
  watch.add({"one"}, directory / "none");
  EXPECT_FALSE(watch.has({"one"}));
}

}  // namespace
}  // namespace studyctl
