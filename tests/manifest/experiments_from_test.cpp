#include <gtest/gtest.h>

#include "manifest/reading_support.h"

namespace studyctl {
namespace {

// What a manifest with these fields under csv makes of a file's content.
Result<Manifest> read_csv(const std::string& content, const std::string& fields = "",
                          const std::string& spec = "") {
  Overrides overrides;
  overrides.read_input = [content](const std::string& path) -> Result<std::string> {
    if (path == "m.csv") return content;
    return Error{ErrorCode::NotFound, path + ": No such file or directory"};
  };
  return read_manifest(manifest_with(spec + "  experimentsFrom: {csv: {path: m.csv" + fields + "}}\n"),
                       "study.yaml", overrides);
}

std::string told(const std::string& content, const std::string& fields = "", const std::string& spec = "") {
  const auto manifest = read_csv(content, fields, spec);
  return manifest ? "" : manifest.error().message;
}

// "water 0 1": row `row`, and of each value whether it is a number.
std::string row_of(const Manifest& manifest, uint64_t row) {
  std::string text;
  for (const Value& value : manifest.study.experiments_from->rows.at(row))
    text += (text.empty() ? "" : " ") + value.text + (value.kind == Value::Kind::Number ? "#" : "");
  return text;
}

TEST(ExperimentsFrom, HasAPointARow) {
  const auto manifest = read_csv("name,charge\nwater,0\n\"a, b\",-1\n");
  ASSERT_TRUE(manifest) << manifest.error().message;
  const Axis& rows = manifest->study.experiments_from->rows;
  EXPECT_EQ(rows.names, (std::vector<std::string>{"name", "charge"}));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(row_of(*manifest, 0), "water 0");
  EXPECT_EQ(row_of(*manifest, 1), "a, b -1");
}

TEST(ExperimentsFrom, ColumnsAreChosenRenamedAndTyped) {
  const auto manifest =
      read_csv("name,uhf,x,ok\nwater, 02 ,1.50,TRUE\n",
               ", columns: {ok: fine, name: molecule, uhf: uhf, x: x}, types: {uhf: integer, x: "
               "number, fine: boolean}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->study.experiments_from->rows.names,
            (std::vector<std::string>{"fine", "molecule", "uhf", "x"}));
  EXPECT_EQ(row_of(*manifest, 0), "true water 2# 1.5#");
}

TEST(ExperimentsFrom, AParameterIsDerivedFromOthers) {
  const auto manifest =
      read_csv("uhf\n0\n3\n", ", types: {uhf: integer}, derive: {mult: uhf + 1, twice: mult * 2}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(row_of(*manifest, 1), "3# 4# 8#");
}

TEST(ExperimentsFrom, ADerivedNumberThatOverflowsIsToldWithItsLine) {
  EXPECT_EQ(told("k\n1\n9223372036854775807\n", ", types: {k: integer}, derive: {m: k + 1}"),
            "study.yaml:5:33: spec.experimentsFrom.csv: m.csv:3: m: 'k + 1': does not fit into 64 bits");
  EXPECT_EQ(
      told("k\n1\nx\n", ", derive: {m: k + 1}"),
      "study.yaml:5:33: spec.experimentsFrom.csv: m.csv:3: m: is derived from k, which is no whole number "
      "here");
  EXPECT_NE(told("k\n1\n", ", derive: {m: j + 1}").find("unknown parameter 'j'"), std::string::npos);
}

TEST(ExperimentsFrom, EveryWrongRowIsToldWithItsLine) {
  EXPECT_EQ(told("a,b\n1,2\n3\n4,x\n\"5\n6\",7,8\n", ", types: {b: integer}"),
            "study.yaml:5:33: spec.experimentsFrom.csv: m.csv:3: has 1 cells, the header has 2\n"
            "study.yaml:5:33: spec.experimentsFrom.csv: m.csv:4: b: must be a whole number, is 'x'\n"
            "study.yaml:5:33: spec.experimentsFrom.csv: m.csv:5: has 3 cells, the header has 2");
  EXPECT_NE(told("a\nnan\n", ", types: {a: number}").find("a: must be a number, is 'nan'"),
            std::string::npos);
  EXPECT_NE(told("a\ninf\n", ", types: {a: number}").find("a: must be a number, is 'inf'"),
            std::string::npos);
  EXPECT_NE(told("a\n99999999999999999999\n", ", types: {a: integer}").find("does not fit into 64 bits"),
            std::string::npos);
  EXPECT_NE(told("a\n\"x\n").find("m.csv: line"), std::string::npos);
}

TEST(ExperimentsFrom, AMissingColumnIsToldWithThoseThatThereAre) {
  EXPECT_EQ(
      told("name,charge\nwater,0\n", ", columns: {nmae: molecule}"),
      "study.yaml:5:33: spec.experimentsFrom.csv.path: m.csv: has no column 'nmae'; there is: name, charge");
  EXPECT_NE(told("a,a\n1,2\n").find("has two columns 'a'"), std::string::npos);
  EXPECT_NE(told("").find("is empty; its first row names the columns"), std::string::npos);
  EXPECT_NE(told("a\n").find("has no rows"), std::string::npos);
}

TEST(ExperimentsFrom, AMissingFileIsTold) {
  EXPECT_NE(problems_of(manifest_with("  experimentsFrom: {csv: {path: no.csv}}\n"),
                        {{},
                         {},
                         {},
                         [](const std::string& path) -> Result<std::string> {
                           return Error{ErrorCode::NotFound, path + ": No such file"};
                         }})
                .find("no.csv: No such file"),
            std::string::npos);
}

TEST(ExperimentsFrom, ARepeatedRowIsFoldedWithAWarningThatNamesBoth) {
  const auto manifest = read_csv("a,b\n1,2\n3,4\n1,2\n");
  ASSERT_TRUE(manifest) << manifest.error().message;
  const Axis& rows = manifest->study.experiments_from->rows;
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_EQ(std::get<ValueTable>(rows.values).number(1), 2u);
  ASSERT_FALSE(manifest->warnings.empty());
  EXPECT_NE(manifest->warnings.back().find("m.csv:4: repeats line 2 and is left out"), std::string::npos);
}

TEST(ExperimentsFrom, RowsAreCheckedByTheTypesOfParameters) {
  EXPECT_EQ(told("q\n1\n7\n", "", "  parameters: {q: {type: integer, maximum: 4}}\n"),
            "study.yaml:6:33: spec.experimentsFrom.csv: m.csv:3: q: must be at most 4, is 7");
}

TEST(ExperimentsFrom, AColumnIsNoAxisToo) {
  EXPECT_NE(told("a\n1\n", "", "  sweep: {a: [1]}\n").find("'a' is a parameter already"), std::string::npos);
}

TEST(ExperimentsFrom, IsWrittenAsItIsRead) {
  const std::string content = "name,uhf\nwater,0\n";
  const auto manifest = read_csv(
      content, ", columns: {name: molecule, uhf: uhf}, types: {uhf: integer}, derive: {mult: uhf + 1}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  Overrides overrides;
  overrides.read_input = [&](const std::string&) { return Result(content); };
  const auto again = read_applied(manifest->applied_json, "x", overrides);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(design_json(*again), design_json(*manifest));
  EXPECT_NE(to_yaml(*manifest).find("mult: \"uhf + 1\""), std::string::npos) << to_yaml(*manifest);
}

TEST(ExperimentsFrom, ScopesAndExclusionsReachItsColumns) {
  EXPECT_EQ(told("kind\nionic\ngas\n", "", "  sweep: {ionic.charge: [1, 2]}\n  exclude: [{kind: gas}]\n"),
            "");
  EXPECT_NE(told("kind\ngas\n", "", "  exclude: [{knd: gas}]\n").find("did you mean 'kind'?"),
            std::string::npos);
}

TEST(SourceRow, IsOnlyKnownWhereThereIsAFile) {
  EXPECT_NE(
      problems_of(container_with("image: a, command: [\"${source.row}\"]")).find("spec.experimentsFrom"),
      std::string::npos);
}

}  // namespace
}  // namespace studyctl
