#include "store/harvest/metric_source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/text.h"
#include "store/harvest/attempt_scratch.h"
#include "store/harvest/extract.h"

namespace studyctl {
namespace {

MetricSource lines_of(const std::string& file, const std::string& regex) {
  MetricSource source;
  source.file = file;
  source.regex = regex;
  return source;
}

MetricSource json_of(const std::string& file, const std::string& pointer) {
  MetricSource source;
  source.file = file;
  source.pointer = pointer;
  return source;
}

Metric metric(std::vector<MetricSource> sources, Take take = Take::Last) {
  Metric one;
  one.name = "energy";
  one.sources = std::move(sources);
  one.take = take;
  one.unit = "Eh";
  return one;
}

// "energy=1.5 | metric energy: …": values, then warnings.
std::string read(const AttemptScratch& attempt, const Metric& one, const ReadLimits& limits = {}) {
  ReadBudget budget(limits);
  const MetricReadings readings = read_metrics(attempt.open(), {one}, budget);
  std::vector<std::string> parts;
  for (const MetricValue& value : readings.metrics) {
    EXPECT_EQ(value.unit, "Eh");
    parts.push_back(value.name + "=" + std::to_string(value.value));
  }
  parts.insert(parts.end(), readings.warnings.begin(), readings.warnings.end());
  return join(parts, " | ");
}

constexpr const char* kEnergy = R"(ENERGY\s+(\S+))";

TEST(ReadMetrics, TakesTheGroupOfARegex) {
  const AttemptScratch attempt;
  attempt.write("orca.out", "ENERGY -1.5\nnoise\nENERGY  -2.5\n");
  EXPECT_EQ(read(attempt, metric({lines_of("orca.out", kEnergy)})), "energy=-2.500000");
  EXPECT_EQ(read(attempt, metric({lines_of("orca.out", kEnergy)}, Take::First)), "energy=-1.500000");
  EXPECT_EQ(read(attempt, metric({lines_of("orca.out", "ENERGY")}, Take::Count)), "energy=2.000000");
}

TEST(ReadMetrics, ReadsStdoutAndStderr) {
  const AttemptScratch attempt;
  attempt.write("stdout.log", "ENERGY 1\n");
  attempt.write("stderr.log", "ENERGY 2\n");
  MetricSource source = lines_of("", kEnergy);
  source.from = MetricSource::From::Stdout;
  EXPECT_EQ(read(attempt, metric({source})), "energy=1.000000");
  source.from = MetricSource::From::Stderr;
  EXPECT_EQ(read(attempt, metric({source})), "energy=2.000000");
  source.regex = "FORCE";
  EXPECT_EQ(read(attempt, metric({source})), "metric energy: stderr: no line matches 'FORCE'");
}

TEST(ReadMetrics, ReadsGzippedOutputsAsIfTheyWereNot) {
  const AttemptScratch attempt;
  attempt.write("orca.out.gz", gzip("ENERGY -1\n") + gzip("ENERGY -2\n"));
  attempt.write("result.json.gz", gzip("{\"energy\": -3}"));
  EXPECT_EQ(read(attempt, metric({lines_of("orca.out", kEnergy)})), "energy=-2.000000");
  EXPECT_EQ(read(attempt, metric({lines_of("orca.out.gz", kEnergy)})), "energy=-2.000000");
  EXPECT_EQ(read(attempt, metric({json_of("result.json", "/energy")})), "energy=-3.000000");
}

TEST(ReadMetrics, TakesTheFilesOfAGlobInTheOrderOfTheirNames) {
  const AttemptScratch attempt;
  attempt.write("b.out", "ENERGY 2\n");
  attempt.write("a.out", "ENERGY 1\n");
  attempt.write("c.out", "none here\n");
  EXPECT_EQ(read(attempt, metric({lines_of("*.out", kEnergy)}, Take::First)), "energy=1.000000");
  EXPECT_EQ(read(attempt, metric({lines_of("*.out", kEnergy)}, Take::Last)), "energy=2.000000");
  EXPECT_EQ(read(attempt, metric({lines_of("*.out", kEnergy)}, Take::Sum)), "energy=3.000000");
}

TEST(ReadMetrics, TakesTheFirstSourceThatYieldsAndSaysNothingOfTheOthers) {
  const AttemptScratch attempt;
  attempt.write("b.out", "ENERGY 2\n");
  attempt.write("empty.out", "nothing\n");
  EXPECT_EQ(read(attempt, metric({lines_of("a.out", kEnergy), lines_of("empty.out", kEnergy),
                                  lines_of("b.out", kEnergy)})),
            "energy=2.000000");
}

TEST(ReadMetrics, TellsOfATroubledSourceEvenWhenAnotherYields) {
  const AttemptScratch attempt;
  attempt.write("a.out", "ENERGY NaN\n");
  attempt.write("b.out", "ENERGY 2\n");
  EXPECT_EQ(read(attempt, metric({lines_of("a.out", kEnergy), lines_of("b.out", kEnergy)})),
            "energy=2.000000 | metric energy: a.out: 'NaN' is not a finite number");
}

TEST(ReadMetrics, SaysOfEverySourceWhyItYieldsNothing) {
  const AttemptScratch attempt;
  attempt.write("a.out", "nothing\n");
  attempt.write("r.json", "{}");
  attempt.write("r.csv", "x\n1\n");
  MetricSource csv;
  csv.file = "r.csv";
  csv.column = "rate";
  EXPECT_EQ(read(attempt, metric({lines_of("none.out", kEnergy), lines_of("*.dat", kEnergy),
                                  lines_of("a.out", "E(.)"), json_of("r.json", "/e"), csv})),
            "metric energy: none.out: no such file; *.dat: no such file; a.out: no line matches 'E(.)'; "
            "r.json: nothing at '/e'; r.csv: has no column 'rate', only x");
}

TEST(ReadMetrics, CountsNothingAsZeroWhereTheFileIsThere) {
  const AttemptScratch attempt;
  attempt.write("a.out", "nothing\n");
  EXPECT_EQ(read(attempt, metric({lines_of("a.out", "ENERGY")}, Take::Count)), "energy=0.000000");
  EXPECT_EQ(read(attempt, metric({lines_of("b.out", "ENERGY")}, Take::Count)),
            "metric energy: b.out: no such file");
}

TEST(ReadMetrics, YieldsNothingFromWhatIsCorrupt) {
  const AttemptScratch attempt;
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise += std::to_string(i * 7919) + "\n";
  const std::string packed = gzip("ENERGY 1\n" + noise);
  attempt.write("cut.out.gz", packed.substr(0, packed.size() - 100));
  attempt.write("cut.json", R"({"energy": 1, "more": )");
  EXPECT_EQ(read(attempt, metric({lines_of("cut.out", kEnergy)})),
            "metric energy: cut.out.gz: is gzip data that end too early");
  EXPECT_EQ(read(attempt, metric({json_of("cut.json", "/energy")})),
            "metric energy: cut.json: is not JSON from byte 23 on");
}

TEST(ReadMetrics, NeverReadsWhatLeadsOutOrBlocks) {
  const AttemptScratch attempt;
  attempt.link("link.out", attempt.outside());
  ASSERT_EQ(mkfifo((attempt.path() / "pipe.out").c_str(), 0600), 0);
  EXPECT_EQ(read(attempt, metric({lines_of("link.out", "(\\d+)")})),
            "metric energy: link.out: leads out of the attempt's directory");
  EXPECT_EQ(read(attempt, metric({lines_of("../outside.txt", "(\\d+)")})),
            "metric energy: ../outside.txt: leads out of the attempt's directory");
  EXPECT_EQ(read(attempt, metric({lines_of("pipe.out", "(\\d+)")})),
            "metric energy: pipe.out: is not a regular file");
}

TEST(ReadMetrics, EndsAtTheLimits) {
  const AttemptScratch attempt;
  attempt.write("a.out", std::string(3'000'000, '\n'));
  EXPECT_EQ(read(attempt, metric({lines_of("a.out", kEnergy)}), {1 << 20, std::chrono::minutes(1)}),
            "metric energy: a.out: reading ended at 1.0 MiB, the most for one file");
}

TEST(ReadMetrics, ALargeFileLeavesRoomForTheNext) {
  const AttemptScratch attempt;
  attempt.write("a.out", std::string(900'000, '\n') + "ENERGY 1\n");
  attempt.write("b.out", std::string(900'000, '\n') + "ENERGY 2\n");
  ReadBudget budget({1 << 20, std::chrono::minutes(1)});
  const MetricReadings readings = read_metrics(
      attempt.open(), {metric({lines_of("a.out", kEnergy)}), metric({lines_of("b.out", kEnergy)})}, budget);
  EXPECT_TRUE(readings.warnings.empty());
  ASSERT_EQ(readings.metrics.size(), 2u);
  EXPECT_EQ(readings.metrics[1].value, 2);
}

TEST(ReadMetrics, OneThatFailsStopsNoOther) {
  const AttemptScratch attempt;
  attempt.write("a.out", "ENERGY 1\n");
  Metric bad = metric({lines_of("a.out", "(")});
  bad.name = "bad";
  ReadBudget budget({});
  const MetricReadings readings =
      read_metrics(attempt.open(), {bad, metric({lines_of("a.out", kEnergy)})}, budget);
  ASSERT_EQ(readings.metrics.size(), 1u);
  EXPECT_EQ(readings.metrics[0].value, 1);
  EXPECT_EQ(readings.warnings,
            std::vector<std::string>{"metric bad: a.out: '(' is no regular expression: missing ): ("});
}

TEST(ReadMetrics, ReadsResultsOfManyMegabytes) {
  const AttemptScratch attempt;
  std::string log;
  for (int i = 0; i < 300'000; ++i) log += "step " + std::to_string(i) + " loss 0.5\n";
  attempt.write("train.log", log + "ENERGY 7\n");
  EXPECT_EQ(read(attempt, metric({lines_of("train.log", R"(loss (\S+))")}, Take::Sum)),
            "energy=150000.000000");
  EXPECT_EQ(read(attempt, metric({lines_of("train.log", kEnergy)})), "energy=7.000000");
}

TEST(ReadMetrics, SeesEachStepOfAProgressBarAsALine) {
  const AttemptScratch attempt;
  attempt.write("bar.log", "10% ENERGY 1\r20% ENERGY 2\r100% ENERGY 3\n");
  EXPECT_EQ(read(attempt, metric({lines_of("bar.log", R"(^\S+ ENERGY (\S+)$)")}, Take::Sum)),
            "energy=6.000000");
}

TEST(ExtractMetrics, ReadsAKeptDirectoryByOtherRules) {
  const AttemptScratch attempt;
  attempt.write("orca.out", "ENERGY -1.5\n");
  const auto readings = extract_metrics(attempt.path(), {metric({lines_of("orca.out", R"(ENERGY -(\S+))")})});
  ASSERT_TRUE(readings);
  ASSERT_EQ(readings->metrics.size(), 1u);
  EXPECT_EQ(readings->metrics[0].value, 1.5);
  EXPECT_EQ(extract_metrics(attempt.path() / "none", {}).error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace studyctl
