#include "store/harvest/harvest.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/text.h"
#include "store/harvest/attempt_scratch.h"

namespace studyctl {
namespace {

using Names = std::vector<std::string>;

ContentCheck check(const std::string& file, const std::string& regex) {
  return {MetricSource::From::File, file, regex};
}

HarvestRequest succeeded(const AttemptScratch& attempt) {
  HarvestRequest request;
  request.directory = attempt.path();
  request.exited_zero = true;
  return request;
}

HarvestRequest failed(const AttemptScratch& attempt) {
  HarvestRequest request = succeeded(attempt);
  request.exited_zero = false;
  return request;
}

// "CheckFailed: message", or "well".
std::string verdict(const HarvestRequest& request) {
  const Harvest result = harvest(request);
  EXPECT_EQ(result.verdict.has_value(), result.failure.has_value());
  if (!result.verdict) return "well";
  EXPECT_TRUE(result.metrics.empty());
  return std::string(name_of(*result.verdict)) + ": " + result.message;
}

TEST(Harvest, OfAnAttemptWithoutRulesIsWell) {
  const AttemptScratch attempt;
  EXPECT_EQ(verdict(succeeded(attempt)), "well");
}

TEST(Harvest, NamesTheRequiredFilesThatAreMissing) {
  const AttemptScratch attempt;
  HarvestRequest request = succeeded(attempt);
  request.rules.required = {"result.json"};
  EXPECT_EQ(verdict(request), "ResultMissing: required file is missing: result.json");
  attempt.write("result.json", "{}");
  EXPECT_EQ(verdict(request), "well");
  request.rules.required = {"result.json", "a.out", "*.csv"};
  EXPECT_EQ(verdict(request), "ResultMissing: required files are missing: a.out, *.csv");
}

TEST(Harvest, TakesACompressedFileADirectoryAndAGlobForARequiredOne) {
  const AttemptScratch attempt;
  attempt.write("a.out.gz", gzip("x"));
  attempt.write("frames/1.xyz", "");
  HarvestRequest request = succeeded(attempt);
  request.rules.required = {"a.out", "frames", "*/*.xyz"};
  EXPECT_EQ(verdict(request), "well");
}

TEST(Harvest, TakesNoPipeLinkOrOwnFileForARequiredOne) {
  const AttemptScratch attempt;
  ASSERT_EQ(mkfifo((attempt.path() / "pipe").c_str(), 0600), 0);
  attempt.link("link", attempt.outside());
  attempt.link("dangling", "none");
  attempt.write("stdout.log", "x");
  for (const char* file : {"pipe", "link", "dangling", "*"}) {
    HarvestRequest request = succeeded(attempt);
    request.rules.required = {file};
    EXPECT_EQ(verdict(request), std::string("ResultMissing: required file is missing: ") + file);
  }
}

TEST(Harvest, FailsByAFailureRegexWithItsGroupAsMessage) {
  const AttemptScratch attempt;
  attempt.write("orca.out", "fine\nSCF NOT CONVERGED AFTER 125 CYCLES\n");
  HarvestRequest request = succeeded(attempt);
  request.rules.failure = {check("none.out", "x"), check("orca.out", "(SCF NOT CONVERGED.*)")};
  EXPECT_EQ(verdict(request), "CheckFailed: SCF NOT CONVERGED AFTER 125 CYCLES");
  request.rules.failure = {check("orca.out", "CONVERGED")};
  EXPECT_EQ(verdict(request), "CheckFailed: CONVERGED");
  request.rules.failure = {check("orca.out", "ABORTED")};
  EXPECT_EQ(verdict(request), "well");
}

TEST(Harvest, FailsWithoutWhatASuccessRegexLooksFor) {
  const AttemptScratch attempt;
  attempt.write("orca.out", "****ORCA TERMINATED NORMALLY****\n");
  HarvestRequest request = succeeded(attempt);
  request.rules.success = {check("orca.out", "TERMINATED NORMALLY")};
  EXPECT_EQ(verdict(request), "well");
  request.rules.success = {check("orca.out", "HURRAY")};
  EXPECT_EQ(verdict(request), "CheckFailed: success check: orca.out: no line matches 'HURRAY'");
  request.rules.success = {check("none.out", "HURRAY")};
  EXPECT_EQ(verdict(request), "CheckFailed: success check: none.out: no such file");
}

TEST(Harvest, ChecksStdoutAndStderrAndCompressedFiles) {
  const AttemptScratch attempt;
  attempt.write("stdout.log", "all done\n");
  attempt.write("stderr.log", "panic: at the disco\n");
  attempt.write("a.out.gz", gzip("done\n"));
  HarvestRequest request = succeeded(attempt);
  request.rules.success = {{MetricSource::From::Stdout, "", "^all done$"}, check("a.out", "done")};
  EXPECT_EQ(verdict(request), "well");
  request.rules.failure = {{MetricSource::From::Stderr, "", "panic: (.*)"}};
  EXPECT_EQ(verdict(request), "CheckFailed: at the disco");
}

TEST(Harvest, TrustsNoFileThatACheckCannotReadToItsEnd) {
  const AttemptScratch attempt;
  const std::string packed = gzip("all is fine, and long enough to be cut\n");
  attempt.write("cut.gz", packed.substr(0, packed.size() - 10));
  HarvestRequest request = succeeded(attempt);
  request.rules.failure = {check("cut", "panic")};
  EXPECT_EQ(verdict(request), "CheckFailed: failure check: cut.gz: is gzip data that end too early");
  attempt.link("link", attempt.outside());
  request.rules.failure = {check("link", "secret (.*)")};
  EXPECT_EQ(verdict(request), "CheckFailed: failure check: link: leads out of the attempt's directory");
}

TEST(Harvest, ShowsNoControlCharactersOfAWorkload) {
  const AttemptScratch attempt;
  attempt.write("a", "error: \x1b[31mred\x1b[0m \xff\n");
  HarvestRequest request = succeeded(attempt);
  request.rules.failure = {check("a", "error: (.*)")};
  EXPECT_EQ(verdict(request), "CheckFailed: red \xEF\xBF\xBD");
}

TEST(Harvest, ReadsMetricsOfWhatSucceededOnly) {
  const AttemptScratch attempt;
  attempt.write("r.json", R"({"p50": 12})");
  Metric metric;
  metric.name = "latency";
  metric.unit = "ms";
  metric.sources.push_back({MetricSource::From::File, "r.json", "", "/p50", ""});
  HarvestRequest request = succeeded(attempt);
  request.rules.metrics = {metric, metric};
  request.rules.metrics[1].name = "missing";
  request.rules.metrics[1].sources[0].file = "none.json";
  const Harvest result = harvest(request);
  ASSERT_EQ(result.metrics.size(), 1u);
  EXPECT_EQ(result.metrics[0].name, "latency");
  EXPECT_EQ(result.metrics[0].value, 12);
  EXPECT_EQ(result.metrics[0].unit, "ms");
  EXPECT_EQ(result.warnings, Names{"metric missing: none.json: no such file"});
  EXPECT_FALSE(result.verdict);
  EXPECT_FALSE(result.failure);

  request.exited_zero = false;
  request.rules.required = {"none"};
  const Harvest other = harvest(request);
  EXPECT_TRUE(other.metrics.empty());
  EXPECT_TRUE(other.warnings.empty());
  EXPECT_FALSE(other.verdict);
  EXPECT_TRUE(other.failure);
}

TEST(Harvest, OfADirectoryThatIsGoneIsMissing) {
  HarvestRequest request;
  request.directory = "/nonexistent/attempt-1";
  request.exited_zero = true;
  const Harvest result = harvest(request);
  EXPECT_EQ(result.verdict, Reason::ResultMissing);
  EXPECT_EQ(result.message,
            "the attempt's directory cannot be read: /nonexistent/attempt-1: No such file or directory");
  request.exited_zero = false;
  EXPECT_FALSE(harvest(request).verdict);
}

TEST(Harvest, TellsWhichLogPatternsMatch) {
  const AttemptScratch attempt;
  attempt.write("stdout.log", "step 1\n");
  attempt.write("stderr.log", "NCCL watchdog timeout\n");
  HarvestRequest request = failed(attempt);
  request.log_patterns = {"NCCL.*timeout", "step \\d", "segfault", "("};
  EXPECT_EQ(harvest(request).matched_patterns, (Names{"NCCL.*timeout", "step \\d"}));
}

// ---- the failure record ----

TEST(HarvestFailure, ComesFromErrorJson) {
  const AttemptScratch attempt;
  attempt.write("error.json",
                R"({"type": "ScfError", "message": "did not\nconverge", "traceback": ["a\n", "b"], "x": 1})");
  attempt.write("stderr.log", "something else\n");
  const auto failure = harvest(failed(attempt)).failure;
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->type, "ScfError");
  EXPECT_EQ(failure->message, "did not\nconverge");
  EXPECT_EQ(failure->traceback, "a\nb");
  EXPECT_EQ(failure->last_lines, Names{"something else"});
}

TEST(HarvestFailure, TakesAnErrorFileThatIsNotJsonAsWords) {
  const AttemptScratch attempt;
  attempt.write("error.json", "it broke\n");
  EXPECT_EQ(harvest(failed(attempt)).failure->message, "it broke");
  attempt.write("error.json", R"({"message": {"code": 7}})");
  EXPECT_EQ(harvest(failed(attempt)).failure->message, R"({"code":7})");
}

TEST(HarvestFailure, ComesFromTheTerminationMessage) {
  const AttemptScratch attempt;
  attempt.write("termination-log", "out of luck\n");
  attempt.write("stderr.log", "something else\n");
  HarvestRequest request = failed(attempt);
  request.termination_message_path_on_host = attempt.path() / "termination-log";
  EXPECT_EQ(harvest(request).failure->message, "out of luck");
  attempt.write("termination-log", R"({"type": "Luck", "message": "out"})");
  EXPECT_EQ(harvest(request).failure->type, "Luck");
  attempt.write("termination-log", "  \n");
  EXPECT_EQ(harvest(request).failure->message, "something else");
}

TEST(HarvestFailure, ReadsATerminationMessageBesideTheDirectory) {
  const AttemptScratch attempt;
  HarvestRequest request = failed(attempt);
  request.termination_message_path_on_host = attempt.outside();
  EXPECT_EQ(harvest(request).failure->message, "secret 42");
}

TEST(HarvestFailure, FollowsNoLinkOutForATerminationMessage) {
  const AttemptScratch attempt;
  attempt.link("termination-log", attempt.outside());
  attempt.link("up", "..");
  attempt.link("error.json", attempt.outside());
  for (const char* name : {"termination-log", "up/outside.txt"}) {
    HarvestRequest request = failed(attempt);
    request.termination_message_path_on_host = attempt.path() / name;
    EXPECT_EQ(harvest(request).failure->message, "") << name;
  }
}

TEST(HarvestFailure, CutsALongMessageInTheMiddle) {
  const AttemptScratch attempt;
  attempt.write("message", "begin" + std::string(1'000'000, 'x') + "end");
  HarvestRequest request = failed(attempt);
  request.termination_message_path_on_host = attempt.path() / "message";
  const std::string message = harvest(request).failure->message;
  EXPECT_LE(message.size(), 65'536u);
  EXPECT_TRUE(message.starts_with("beginx"));
  EXPECT_TRUE(message.ends_with("xend"));
  EXPECT_NE(message.find("\n[… 934536 bytes left out …]\n"), std::string::npos);
}

TEST(HarvestFailure, FallsBackToTheLastLinesOfStderr) {
  const AttemptScratch attempt;
  attempt.write("stdout.log", "1\n2\n3\n");
  attempt.write("stderr.log", "a\nb\n\nc\nd\n\x1b[31me\r\nno newline");
  EXPECT_EQ(harvest(failed(attempt)).failure->message, "b\nc\nd\ne\nno newline");
}

TEST(HarvestFailure, FallsBackToStdoutWhereStderrIsEmpty) {
  const AttemptScratch attempt;
  attempt.write("stdout.log", "1\nERROR STOP 3\n");
  EXPECT_EQ(harvest(failed(attempt)).failure->message, "1\nERROR STOP 3");
}

TEST(HarvestFailure, TakesAPythonTracebackApart) {
  const AttemptScratch attempt;
  attempt.write(
      "stderr.log",
      "warning: old\nTraceback (most recent call last):\n  File \"a.py\", line 3, in <module>\n    run()\n"
      "torch.cuda.OutOfMemoryError: CUDA out of memory: 2 GiB\nbye\n");
  const auto failure = harvest(failed(attempt)).failure;
  EXPECT_EQ(failure->type, "torch.cuda.OutOfMemoryError");
  EXPECT_EQ(failure->message, "CUDA out of memory: 2 GiB");
  EXPECT_EQ(failure->traceback,
            "Traceback (most recent call last):\n  File \"a.py\", line 3, in <module>\n    run()\n"
            "torch.cuda.OutOfMemoryError: CUDA out of memory: 2 GiB");
}

TEST(HarvestFailure, KeepsTheLastFiftyLinesOfBothStreamsInOrder) {
  const AttemptScratch attempt;
  std::string out, err, index;
  for (int i = 0; i < 100; ++i) {
    std::string& log = i % 3 == 0 ? err : out;
    const std::string line = "line " + std::to_string(i) + "\n";
    index += std::string(i % 3 == 0 ? "2 " : "1 ") + std::to_string(log.size()) + " " +
             std::to_string(line.size()) + " 2026-11-22T14:30:05.123Z\n";
    log += line;
  }
  attempt.write("stdout.log", out);
  attempt.write("stderr.log", err);
  attempt.write("log.idx", index);
  const Names lines = harvest(failed(attempt)).failure->last_lines;
  ASSERT_EQ(lines.size(), 50u);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(lines[static_cast<size_t>(i)], "line " + std::to_string(i + 50));
}

TEST(HarvestFailure, IsBoundedWhateverTheLogIs) {
  const AttemptScratch attempt;
  attempt.write("stdout.log", std::string(5'000'000, 'x'));
  attempt.write("stderr.log", std::string(5'000'000, '\0'));
  const auto failure = harvest(failed(attempt)).failure;
  size_t bytes = failure->message.size();
  for (const std::string& line : failure->last_lines) bytes += line.size();
  EXPECT_LT(bytes, 100'000u);
}

}  // namespace
}  // namespace studyctl
