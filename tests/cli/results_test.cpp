#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/text.h"
#include "cli/applied_study.h"
#include "service/extract_results.h"
#include "store/rebuild.h"

namespace studyctl {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class ResultsTest : public testing::Test {
 protected:
  ResultsTest() {
    study_.succeed(attempt_of(0), -1);
    study_.succeed(attempt_of(0, 2), -3);
    study_.succeed(attempt_of(2), 5);
    study_.fail(attempt_of(1), Reason::Error);
  }
  Said results(std::vector<std::string> words) {
    words.insert(words.begin(), "results");
    return type(results_, std::move(words));
  }
  // The manifest with other rules, as a user's file.
  std::string manifest_with(const std::string& metrics) {
    std::string text = kNmr;
    const size_t begin = text.find("metrics: ");
    text.replace(begin, text.find('\n', begin) - begin, "metrics: " + metrics);
    const std::filesystem::path file = home_.path() / "study.yaml";
    std::ofstream(file) << text;
    return file.string();
  }

  TemporaryDirectory home_;
  std::filesystem::path results_ = home_.path() / "results";
  AppliedStudy study_{results_};
};

TEST_F(ResultsTest, ARowPerRepetitionHasAColumnForEachParameterAndMetricWithItsUnit) {
  const Said said = results({"nmr", "--rows"});
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.out,
            "charge  molecule  CYCLE  energy (Eh)  TOOK\n"
            "0       water     1      -1           1.5s\n"
            "0       water     2      -3           1.5s\n"
            "0       methane   1      5            1.5s\n");
  EXPECT_EQ(said.err, "3 of 8 repetitions have a result\n");
}

TEST_F(ResultsTest, LinesAreThoseOfTheFile) {
  EXPECT_EQ(results({"--rows", "-o", "jsonl"}).out, text_of(study_.directory().path() / "results.jsonl"));
  EXPECT_EQ(results({"--rows", "-o", "csv"}).out, text_of(study_.directory().path() / "results.csv"));
}

TEST_F(ResultsTest, RowsAreSelectedByParameter) {
  EXPECT_EQ(results({"--rows", "-o", "name", "-l", "molecule=methane"}).out, study_.id(2) + "\n");
  EXPECT_EQ(results({"--rows", "-o", "name", "nmr", study_.id(0)}).out,
            study_.id(0) + "\n" + study_.id(0) + "\n");
  EXPECT_EQ(results({"--rows", "-l", "solvent=x"}).code, 4);
  EXPECT_EQ(results({"-l", "solvent=x"}).code, 4);
}

// Student's t of two cycles: ±12.706 · √2 / √2.
TEST_F(ResultsTest, ConclusionsAreARowPerGroupAndMetric) {
  const Said said = results({"nmr"});
  EXPECT_EQ(said.out,
            "molecule  METRIC       N  MEAN  95% CI  MEDIAN  SD       MIN  MAX  BEST\n"
            "water     energy (Eh)  2  -2    ±13     -2      1.41421  -3   -1   *\n"
            "methane   energy (Eh)  1  5     -       5       0        5    5    -\n");
  EXPECT_EQ(said.err, "3 of 8 repetitions have a result\n");
  EXPECT_FALSE(has(results({"-l", "molecule=water"}).out, "5    5"));
}

TEST_F(ResultsTest, AWideIntervalIsWrittenWithoutAnExponent) {
  study_.succeed(attempt_of(3), 400);
  study_.succeed(attempt_of(3, 2), 500);
  const std::string table = results({"nmr", study_.id(3)}).out;
  EXPECT_TRUE(has(table, "450   ±635 ")) << table;
}

TEST_F(ResultsTest, GroupsAreMadeByTheParametersThatAreNamed) {
  const std::string csv = results({"--by", "charge", "-o", "csv"}).out;
  EXPECT_TRUE(
      csv.starts_with("charge,metric,unit,n,cycles,mean,mean_ci95_low,mean_ci95_high,median,median_ci95_low,"
                      "median_ci95_high,sd,min,max,standing\n0,energy,Eh,3,2,-0.5,"))
      << csv;
  const std::string json = results({"--by", "molecule", "-o", "jsonl"}).out;
  EXPECT_TRUE(has(json, R"({"parameters":{"molecule":"methane"},"metric":"energy","unit":"Eh","n":1,)"
                        R"("cycles":1,"mean":5,"mean_ci95":null,)"))
      << json;
  EXPECT_EQ(results({"--by", "solvent"}).code, 4);
}

TEST_F(ResultsTest, GroupsAreComparedWithABaseline) {
  const std::string text = results({"--baseline", "molecule=water"}).out;
  EXPECT_TRUE(has(text, "DIFFERENCE")) << text;
  EXPECT_TRUE(has(text, "methane   energy (Eh)  1  5     -       6")) << text;
  EXPECT_EQ(results({"--baseline", "molecule"}).code, 4);
}

TEST_F(ResultsTest, GroupsAreSortedByAParameterOrAMetric) {
  const auto first_of = [&](const std::string& sort) {
    return split(results({"--sort", sort, "-o", "csv"}).out, '\n')[1].substr(0, 5);
  };
  EXPECT_EQ(first_of("energy"), "water");
  EXPECT_EQ(first_of("energy:desc"), "metha");
  EXPECT_EQ(first_of("molecule"), "metha");
  EXPECT_EQ(results({"--sort", "solvent"}).code, 4);
}

TEST_F(ResultsTest, GroupsAreChosenByWhatTheyAreAndWhatTheyCameTo) {
  EXPECT_FALSE(has(results({"--where", "energy<0"}).out, "methane"));
  EXPECT_FALSE(has(results({"--where", "molecule~m*"}).out, "water"));
  EXPECT_EQ(
      results({"--where", "enrgy<0"}).err,
      "studyctl: --where enrgy: is neither a parameter nor a metric of this run; did you mean energy?\n");
  EXPECT_EQ(results({"--rows", "-o", "name", "--where", "energy<-2"}).out, study_.id(0) + "\n");
}

TEST_F(ResultsTest, WhatEachExperimentTookIsListedWithWhatFailed) {
  const std::string text = results({"--usage"}).out;
  EXPECT_TRUE(has(text, "EXPERIMENT                  ATTEMPTS  HOURS   CORE-HOURS  GPU-HOURS\n")) << text;
  EXPECT_TRUE(has(text, study_.id(0) + "    2         0.0008")) << text;
  EXPECT_TRUE(has(text, "all                         4         0.0017")) << text;
}

TEST_F(ResultsTest, EnergyIsListedWhereItWasMeasured) {
  Conditions conditions;
  conditions.samples = 3;
  conditions.energy = 1200;
  conditions.gpus.resize(1);
  conditions.gpus[0].energy = 34000;
  study_.succeed(attempt_of(3), 1, conditions);
  const std::string text = results({"--usage"}).out;
  EXPECT_TRUE(has(text, "GPU-HOURS  ENERGY\n")) << text;
  EXPECT_TRUE(has(text, study_.id(0) + "    2         0.0008  0.0000      0.0000     -\n")) << text;
  EXPECT_TRUE(has(text, study_.id(3) + "  1         0.0004  0.0000      0.0000     35.2 kJ\n")) << text;
  EXPECT_TRUE(has(text, "0.0000     35.2 kJ\n")) << text;
  const std::string json = results({"--usage", "-o", "json"}).out;
  EXPECT_TRUE(has(json, R"("energy_joules":null})")) << json;
  EXPECT_TRUE(has(json, R"("energy_joules":35200})")) << json;
  EXPECT_TRUE(has(type(results_, {"describe", "nmr"}).out, "35.2 kJ"));
  EXPECT_TRUE(has(type(results_, {"report", "nmr", "-o", "-"}).out, "35.2 kJ"));
}

Conditions flagged(std::vector<std::string> flags) {
  Conditions conditions;
  conditions.samples = 1;
  conditions.flags = std::move(flags);
  return conditions;
}

// Of methane: 5 undisturbed, 50 and 777 not; of water one was disturbed too.
class FlaggedTest : public ResultsTest {
 protected:
  FlaggedTest() {
    study_.succeed(attempt_of(2, 2), 50, flagged({"throttled"}));
    study_.succeed(attempt_of(3), 777, flagged({"throttled", "disturbed"}));
    study_.succeed(attempt_of(1, 2), -9, flagged({"disturbed"}));
  }
};

TEST_F(FlaggedTest, TheTableSaysHowManyWereFlagged) {
  const Said said = results({"--by", "molecule"});
  EXPECT_TRUE(has(said.out, "methane   energy (Eh)  3")) << said.out;
  EXPECT_TRUE(
      has(said.err, "3 of 6 repetitions were flagged (2 disturbed, 2 throttled): --clean leaves them out\n"))
      << said.err;
}

TEST_F(FlaggedTest, CleanLeavesThemOutAndSaysHowMany) {
  const Said said = results({"--by", "molecule", "--clean"});
  EXPECT_TRUE(has(said.out, "methane   energy (Eh)  1  5 ")) << said.out;
  EXPECT_TRUE(has(said.err, "3 repetitions left out by --clean: 2 disturbed, 2 throttled\n")) << said.err;
  EXPECT_TRUE(has(results({"--by", "molecule", "--clean", "-l", "molecule=water"}).err,
                  "1 repetition left out by --clean: 1 disturbed\n"));
}

TEST_F(FlaggedTest, CleanHoldsForEveryFormAndForABaseline) {
  for (const char* form : {"table", "wide", "csv", "jsonl", "json", "yaml", "md"}) {
    EXPECT_TRUE(has(results({"-o", form}).out, "777")) << form;
    EXPECT_FALSE(has(results({"-o", form, "--clean"}).out, "777")) << form;
    EXPECT_TRUE(has(results({"-o", form, "--rows"}).out, "777")) << form;
    const Said rows = results({"-o", form, "--rows", "--clean"});
    EXPECT_FALSE(has(rows.out, "777")) << form;
    EXPECT_TRUE(has(rows.err, "3 repetitions left out by --clean")) << form;
  }
  EXPECT_EQ(
      nlohmann::json::parse(results({"-o", "json", "--clean"}).out)["flagged"],
      nlohmann::json::parse(R"({"repetitions":3,"flags":{"disturbed":2,"throttled":2},"left_out":true})"));
  const std::string text = results({"--by", "molecule", "--baseline", "molecule=water", "--clean"}).out;
  EXPECT_TRUE(has(text, "methane   energy (Eh)  1  5     -       6")) << text;
}

TEST_F(ResultsTest, WhereNothingIsFlaggedNothingIsSaidOfIt) {
  EXPECT_EQ(results({"--clean"}).out, results({}).out);
  EXPECT_EQ(results({"--clean"}).err, results({}).err);
}

// Also where the run that a repetition is from is there no more, and another has it from there.
TEST_F(FlaggedTest, CachedRepetitionsKeepTheFlagsOfTheirSource) {
  const Instant tomorrow(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23));
  const std::string source = study_.directory().name_in_volume();
  AppliedStudy second(results_, kNmr, tomorrow);
  second.cache(attempt_of(2), source, 5);
  second.cache(attempt_of(2, 2), source, 50);
  study_.change(RunState::Stopped);
  ASSERT_TRUE(delete_run(study_.volume().database(), study_.run_id()));
  AppliedStudy third(results_, kNmr, tomorrow + std::chrono::hours(24));
  third.cache(attempt_of(2, 2), source, 50);
  third.succeed(attempt_of(0), 1);
  EXPECT_TRUE(
      has(results({"--clean", second.run_id()}).err, "1 repetition left out by --clean: 1 throttled\n"));
  const Said said = results({"--clean", third.run_id()});
  EXPECT_TRUE(has(said.err, "1 repetition left out by --clean: 1 throttled\n")) << said.err;
  EXPECT_FALSE(has(said.out, "methane")) << said.out;
}

TEST_F(ResultsTest, MarkdownIsATableToPaste) {
  EXPECT_TRUE(
      results({"-o", "md"})
          .out.starts_with("| molecule | METRIC | N | MEAN | 95% CI | MEDIAN | SD | MIN | MAX | BEST |\n"
                           "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
                           "| water | energy (Eh) | 2 | -2 | ±13 |"));
}

TEST_F(ResultsTest, ATornLastLineIsLeftOut) {
  std::ofstream(study_.directory().path() / "results.jsonl", std::ios::app) << R"({"experiment":"torn")";
  EXPECT_EQ(results({"--rows", "-o", "name"}).out.find("torn"), std::string::npos);
}

TEST_F(ResultsTest, MetricsAreReadAgainByChangedRules) {
  const std::string file = manifest_with(
      R"([{name: size, from: {stdout: true, regex: 'E=-?(\d)'}}, {name: gone, from: {file: x, regex: '(.)'}}])");
  const Said said = results({"nmr", "--extract", "-f", file});
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_TRUE(has(said.out, "read 3 values again from 3 attempts")) << said.out;
  EXPECT_TRUE(has(said.err, "metric gone")) << said.err;
  EXPECT_EQ(results({"--rows", "-o", "csv", "-l", "molecule=methane"}).out.substr(0, 200).find("energy"),
            std::string::npos);
  EXPECT_TRUE(has(results({}).out, "size")) << results({}).out;
  EXPECT_TRUE(has(text_of(study_.directory().path() / "results.csv"), ",size\n"));
}

TEST_F(ResultsTest, ARebuiltDatabaseKnowsWhatWasReadAgain) {
  ASSERT_EQ(results({"nmr", "--extract", "-f",
                     manifest_with(R"([{name: size, from: {stdout: true, regex: 'E=-?(\d)'}}])")})
                .code,
            0);
  study_.change(RunState::Stopped);
  ASSERT_TRUE(rebuild_database(study_.volume().root(), study_.volume().database()));
  const auto attempts = Catalog::open(study_.volume().database())->attempts(study_.run_id(), study_.id(2), 1);
  ASSERT_TRUE(attempts && attempts->size() == 1u && attempts->at(0).metrics.size() == 1u);
  EXPECT_EQ(attempts->at(0).metrics[0].name, "size");
  EXPECT_EQ(attempts->at(0).metrics[0].value, 5);
}

TEST_F(ResultsTest, TheRunRemembersTheRulesThatItWasReadBy) {
  const std::string before = Catalog::open(study_.volume().database())->latest("nmr")->record.design_hash;
  const std::string file = manifest_with(R"([{name: size, from: {stdout: true, regex: 'E=-?(\d)'}}])");
  ASSERT_EQ(results({"nmr", "--extract", "-f", file}).code, 0);
  StudyArguments arguments;
  arguments.file = file;
  const auto changed = load_study(arguments);
  ASSERT_TRUE(changed);
  const std::string after = Catalog::open(study_.volume().database())->latest("nmr")->record.design_hash;
  EXPECT_NE(after, before);
  EXPECT_EQ(after, (*changed)->design_hash);
}

TEST_F(ResultsTest, NothingIsReadAgainWhileSomebodyHoldsTheVolume) {
  const auto lock = study_.volume().lock({1, "box", false, {{"nmr", study_.run_id()}}});
  ASSERT_TRUE(lock);
  EXPECT_EQ(results({"nmr", "--extract"}).code, 6);
}

TEST_F(ResultsTest, RulesOfAnotherStudyAreRefused) {
  std::string text = kNmr;
  text.replace(text.find("name: nmr"), 9, "name: nmx");
  std::ofstream(home_.path() / "other.yaml") << text;
  EXPECT_EQ(results({"nmr", "--extract", "-f", (home_.path() / "other.yaml").string()}).code, 4);
  EXPECT_EQ(results({"nmr", "-f", (home_.path() / "other.yaml").string()}).code, 4);
}

TEST(WithMetricsTest, OnlyTheMetricsAreReplacedAndLiteralsStay) {
  EXPECT_EQ(
      with_metrics_of(R"({"kind":"Study","spec":{"sweep":{"x":[1e-7,"1.10"]},"results":{"metrics":[1]}}})",
                      R"({"kind":"Study","spec":{"sweep":{"x":[3]},"results":{"metrics":[2]}}})"),
      R"({"kind":"Study","spec":{"sweep":{"x":[1e-7,"1.10"]},"results":{"metrics":[2]}}})");
  EXPECT_EQ(with_metrics_of(R"({"spec":{}})", R"({"spec":{"results":{"metrics":[2]}}})"),
            R"({"spec":{"results":{"metrics":[2]}}})");
}

}  // namespace
}  // namespace studyctl
