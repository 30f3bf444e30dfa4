#include "store/harvest/metric_csv.h"

#include <gtest/gtest.h>

#include "store/harvest/attempt_scratch.h"

namespace studyctl {
namespace {

std::string of(const std::string& csv, const std::string& column, Take take = Take::Last) {
  const AttemptScratch attempt;
  attempt.write("a.csv", csv);
  ReadBudget budget({});
  auto source = ByteSource::open(attempt.open(), "a.csv", budget);
  ValueFold fold(take);
  const auto folded = fold_csv(*source, column, fold);
  if (!folded) return folded.error().message;
  return fold.value() ? std::to_string(*fold.value()) : "nothing " + fold.warning();
}

TEST(MetricCsv, TakesAColumnByItsName) {
  EXPECT_EQ(of("step,rate\n1,10\n2,20\n", "rate"), "20.000000");
  EXPECT_EQ(of("step,rate\n1,10\n2,20\n", "step", Take::Sum), "3.000000");
  EXPECT_EQ(of("rate\r\n10\r\n30", "rate", Take::Mean), "20.000000");
  EXPECT_EQ(of("\xEF\xBB\xBFrate , step\n5,1\n", "rate"), "5.000000");
  EXPECT_EQ(of("a,rate,rate\n1,2,3\n", "rate"), "2.000000");
}

TEST(MetricCsv, KnowsQuotesAndLineBreaksInThem) {
  EXPECT_EQ(of("\"a, \"\"b\"\"\",rate\n\"line 1\nline 2, still\",\"7.5\"\n", "rate"), "7.500000");
  EXPECT_EQ(of("x,\"my \"\"rate\"\"\"\n1,2\n", "my \"rate\""), "2.000000");
  EXPECT_EQ(of("rate,x\n5,7\" pipe\n", "rate"), "5.000000");
  EXPECT_EQ(of("rate\n\"5\n", "rate"), "ends within quotes");
}

TEST(MetricCsv, PassesOverEmptyCellsLinesAndShortRows) {
  EXPECT_EQ(of("step,rate\n1,10\n\n2,\n3\n4, \n", "rate", Take::Count), "1.000000");
  EXPECT_EQ(of("step,rate\n1,10\n2,\n", "rate", Take::Last), "10.000000");
  EXPECT_EQ(of("rate\n", "rate"), "nothing ");
}

TEST(MetricCsv, ReadsTheLastRowWithoutALineEnd) {
  EXPECT_EQ(of("a,rate\n1,2", "rate"), "2.000000");
  EXPECT_EQ(of("a,rate\n1,\"2\"", "rate"), "2.000000");
}

TEST(MetricCsv, NamesTheColumnsThatThereAre) {
  EXPECT_EQ(of("step,speed\n1,2\n", "rate"), "has no column 'rate', only step, speed");
  EXPECT_EQ(of("step,speed", "rate"), "has no column 'rate', only step, speed");
  EXPECT_EQ(of("", "rate"), "is empty: there is no row of names");
  EXPECT_EQ(of(std::string(1'000'000, ','), "rate").size(),
            std::string("has no column 'rate', only ").size() + 38);
}

TEST(MetricCsv, TellsOfCellsThatAreNoNumbers) {
  EXPECT_EQ(of("rate\n1\nn/a\n", "rate"), "nothing 'n/a' is not a finite number");
}

TEST(MetricCsv, ReadsMegabytes) {
  std::string csv = "step,rate\n";
  for (int i = 0; i < 200'000; ++i) csv += std::to_string(i) + ",0.5\n";
  EXPECT_EQ(of(csv, "rate", Take::Sum), "100000.000000");
}

}  // namespace
}  // namespace studyctl
