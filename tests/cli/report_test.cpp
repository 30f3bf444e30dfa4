#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/applied_study.h"

namespace studyctl {
namespace {

using nlohmann::json;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class ReportTest : public testing::Test {
 protected:
  ReportTest() {
    for (uint64_t index = 0; index < 4; ++index)
      for (uint32_t cycle = 1; cycle <= 2; ++cycle)
        study_.succeed(attempt_of(index, cycle), static_cast<double>(index) + 0.5 * cycle);
  }

  TemporaryDirectory home_;
  std::filesystem::path results_ = home_.path() / "results";
  AppliedStudy study_{results_};
};

// What the page's own script reads.
json data_in(const std::string& page) {
  const std::string begin = R"(id="data">)";
  const size_t from = page.find(begin) + begin.size();
  return json::parse(page.substr(from, page.find("</script>", from) - from));
}

TEST_F(ReportTest, HoldsWhatItsPlotsShow) {
  const std::filesystem::path file = home_.path() / "report.html";
  ASSERT_EQ(type(results_, {"report", "nmr", "-o", file.string()}).code, 0);
  const json data = data_in(text_of(file));
  EXPECT_EQ(data["study"], "nmr");
  ASSERT_EQ(data["axes"].size(), 2u);
  EXPECT_EQ(data["axes"][0]["name"], "charge");
  EXPECT_EQ(data["axes"][0]["levels"], json({"0", "1"}));
  EXPECT_EQ(data["axes"][0]["metrics"][0][0]["n"], 4);
  EXPECT_NEAR(data["axes"][0]["metrics"][0][0]["mean"].get<double>(), 1.75, 1e-9);
  EXPECT_EQ(data["pairs"].size(), 1u);
  EXPECT_EQ(data["pairs"][0]["metrics"][0].size(), 4u);
  EXPECT_EQ(data["timeline"]["spans"].size(), 8u);
  EXPECT_EQ(data["table"]["rows"].size(), 4u);
}

TEST_F(ReportTest, SaysWhatWasFlaggedAndLeavesItOutWhenAsked) {
  AppliedStudy study(results_, kNmr, Instant(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)));
  Conditions throttled;
  throttled.samples = 1;
  throttled.flags = {"throttled"};
  study.succeed(attempt_of(0), 1);
  study.succeed(attempt_of(0, 2), 9, throttled);
  const json all = data_in(type(results_, {"report", "nmr", "-o", "-"}).out);
  EXPECT_EQ(all["warnings"], json({"1 of 2 repetitions was flagged (1 throttled): --clean leaves it out"}));
  EXPECT_EQ(all["table"]["rows"][0][1], "2");
  const json clean = data_in(type(results_, {"report", "nmr", "-o", "-", "--clean"}).out);
  EXPECT_EQ(clean["warnings"], json({"1 repetition left out by --clean: 1 throttled"}));
  EXPECT_EQ(clean["table"]["rows"][0][1], "1");
}

TEST_F(ReportTest, FetchesNothingAndTakesNoMarkupFromItsData) {
  const std::string manifest = [] {
    std::string text = kNmr;
    const size_t at = text.find("unit: Eh");
    return text.replace(at, 8, "unit: '</script><img src=x>'");
  }();
  const TemporaryDirectory other;
  AppliedStudy hostile(other.path() / "results", manifest);
  hostile.succeed(attempt_of(0), 1);
  const std::string page = type(other.path() / "results", {"report", "-o", "-"}).out;
  EXPECT_EQ(page.find("<img src=x>"), std::string::npos);
  EXPECT_EQ(data_in(page)["metrics"][0]["unit"], "</script><img src=x>");
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
}

TEST_F(ReportTest, ACrateNamesTheStudyTheRunAndEachAttempt) {
  study_.change(RunState::Completed);
  const std::filesystem::path crate = home_.path() / "crate";
  ASSERT_EQ(type(results_, {"export", "nmr", "--ro-crate", crate.string()}).code, 0);
  const json graph = json::parse(text_of(crate / "ro-crate-metadata.json"))["@graph"];
  const auto entity = [&](const std::string& id) {
    for (const json& one : graph)
      if (one["@id"] == id) return one;
    return json();
  };
  EXPECT_EQ(entity("./")["mainEntity"]["@id"], "study.json");
  EXPECT_EQ(entity("./")["conformsTo"][1]["@id"], "https://w3id.org/ro/wfrun/workflow/0.5");
  EXPECT_EQ(entity("./")["mentions"].size(), 9u) << "the run and eight attempts";
  EXPECT_EQ(entity("#run-" + study_.run_id())["instrument"]["@id"], "study.json");
  const json attempt = entity("#attempt-" + study_.id(0) + "-c1-a1");
  EXPECT_EQ(attempt["@type"], "CreateAction");
  EXPECT_EQ(attempt["object"].size(), 3u) << "the study and two parameters";
  EXPECT_TRUE(std::filesystem::exists(crate / attempt["result"][0]["@id"].get<std::string>() / "stdout.log"));
  EXPECT_TRUE(std::filesystem::exists(crate / "results.csv"));
}

TEST_F(ReportTest, ACrateIsWrittenOverNothing) {
  std::filesystem::create_directories(home_.path() / "crate");
  std::ofstream(home_.path() / "crate" / "mine") << "x";
  EXPECT_EQ(type(results_, {"export", "nmr", "--ro-crate", (home_.path() / "crate").string()}).code, 6);
}

}  // namespace
}  // namespace studyctl
