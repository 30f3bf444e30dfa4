#include <gtest/gtest.h>

#include "manifest/reading_support.h"

namespace studyctl {
namespace {

TEST(Results, LieAtResultsUnlessSaidOtherwise) {
  EXPECT_EQ(study_of(manifest_with("")).results.path, "/results");
  EXPECT_EQ(study_of(manifest_with("  results: {path: /out}\n")).results.path, "/out");
}

TEST(Results, HaveChecksAndMetrics) {
  const ResultRules rules =
      study_of(
          manifest_with(
              "  results:\n"
              "    required: [result.json]\n"
              "    success: [{file: orca.out, regex: 'TERMINATED NORMALLY'}]\n"
              "    failure: [{stderr: true, regex: '(SCF NOT.*)'}]\n"
              "    metrics:\n"
              "      - {name: energy, from: {file: \"*.out\", regex: 'E\\s+(\\S+)', take: last}}\n"
              "      - {name: steps, from: {stdout: true, regex: 'ITER'}, take: count}\n"
              "      - {name: force, from: [{file: a, pointer: /a/0}, {file: b.csv, column: f}], take: max}\n"
              "      - {name: p50, from: {file: r.json, pointer: /p~1q}, unit: ms, goal: minimize}\n"))
          .results;
  EXPECT_EQ(rules.required, std::vector<std::string>{"result.json"});
  EXPECT_EQ(rules.failure.at(0).from, MetricSource::From::Stderr);
  ASSERT_EQ(rules.metrics.size(), 4u);
  EXPECT_EQ(rules.metrics[0].take, Take::Last);
  EXPECT_EQ(rules.metrics[1].take, Take::Count);
  EXPECT_EQ(rules.metrics[2].sources.size(), 2u);
  EXPECT_EQ(rules.metrics[2].sources[1].column, "f");
  EXPECT_EQ(rules.metrics[3].goal, Metric::Goal::Minimize);
  EXPECT_EQ(rules.metrics[3].take, Take::First);
}

TEST(Files, AreTextsOrComeFromFiles) {
  const Study study = study_of(manifest_with(
      "  sweep: {m: [a]}\n  files:\n    dir/in.txt: |\n      x ${params.m}\n    mol: {fromFile: "
      "\"xyz/${params.m}.xyz\"}\n"));
  ASSERT_EQ(study.files.size(), 2u);
  EXPECT_EQ(study.files[0].path, "dir/in.txt");
  EXPECT_EQ(study.files[0].content, "x ${params.m}\n");
  EXPECT_EQ(study.files[1].from_file, "xyz/${params.m}.xyz");
}

}  // namespace
}  // namespace studyctl
