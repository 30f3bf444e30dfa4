#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "store/harvest/activity.h"
#include "store/harvest/attempt_scratch.h"
#include "store/harvest/harvest.h"

// What reading a finished attempt costs: metrics of large outputs in MB/s, a tiny attempt in µs (at most
// 1000).
namespace studyctl {
namespace {

// Of this process's own time, so that what else runs here does not count. It waits for nothing but the page
// cache.
double seconds_of(const std::function<void()>& work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

double median_seconds(int times, const std::function<void()>& work) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) all.push_back(seconds_of(work));
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

Metric metric(const std::string& file, const std::string& regex, Take take) {
  Metric one;
  one.name = "m";
  one.sources.push_back({MetricSource::From::File, file, regex, "", ""});
  one.take = take;
  return one;
}

HarvestRequest request_for(const AttemptScratch& attempt, std::vector<Metric> metrics) {
  HarvestRequest request;
  request.directory = attempt.path();
  request.exited_zero = true;
  request.rules.metrics = std::move(metrics);
  return request;
}

void measure(const char* what, double megabytes, const HarvestRequest& request) {
  const double seconds = median_seconds(3, [&] { (void)harvest(request); });
  std::printf("%-48s %7.0f MB/s\n", what, megabytes / seconds);
}

void measure_large_files() {
  const AttemptScratch attempt;
  std::string log;
  for (int i = 0; log.size() < 100'000'000; ++i) {
    log += "step " + std::to_string(i) +
           " of the optimisation: nothing of interest is on this line, as on most\n";
    if (i % 100 == 0) log += "FINAL SINGLE POINT ENERGY      -76." + std::to_string(i) + "\n";
  }
  std::string csv = "step,rate,loss\n";
  while (csv.size() < 20'000'000) csv += "12345,0.125,3.25e-3\n";
  std::string json = "{\"samples\": [";
  while (json.size() < 20'000'000) json += "{\"latency\": 12.5, \"text\": \"some words of a sample\"},\n";
  json += "0], \"score\": 1}";
  attempt.write("big.out", log);
  attempt.write("packed.out.gz", gzip(log));
  attempt.write("big.csv", csv);
  attempt.write("big.json", json);
  const double size = static_cast<double>(log.size()) / 1e6;
  const std::string energy = R"(FINAL SINGLE POINT ENERGY\s+(\S+))";
  measure("regex, last of 13,000 matches", size,
          request_for(attempt, {metric("big.out", energy, Take::Last)}));
  measure("regex, count, a match a line", size,
          request_for(attempt, {metric("big.out", "step \\d+", Take::Count)}));
  measure("regex, mean, a match a line", size,
          request_for(attempt, {metric("big.out", "^step (\\d+)", Take::Mean)}));
  measure("regex that never matches", size,
          request_for(attempt, {metric("big.out", "[A-Z]+ x$", Take::Last)}));
  measure("regex by single lines", size,
          request_for(attempt, {metric("big.out", "(?s)ENERGY +(.*)", Take::Last)}));
  measure("regex in gzip, inflated bytes", size,
          request_for(attempt, {metric("packed.out", energy, Take::Last)}));
  Metric column = metric("big.csv", "", Take::Mean);
  column.sources[0].column = "rate";
  measure("CSV column", static_cast<double>(csv.size()) / 1e6, request_for(attempt, {column}));
  Metric pointer = metric("big.json", "", Take::Last);
  pointer.sources[0].pointer = "/score";
  measure("JSON pointer", static_cast<double>(json.size()) / 1e6, request_for(attempt, {pointer}));
}

bool measure_tiny_attempt() {
  const AttemptScratch attempt;
  attempt.write("stdout.log", "hello\nENERGY -1.5\n");
  attempt.write("stderr.log", "warning\n");
  attempt.write("log.idx", "1 0 18 2026-11-22T14:30:05.123Z\n2 0 8 2026-11-22T14:30:05.123Z\n");
  attempt.write("result.json", R"({"latency": {"p50": 12.5}})");
  Metric pointer = metric("result.json", "", Take::First);
  pointer.sources[0].pointer = "/latency/p50";
  HarvestRequest request =
      request_for(attempt, {metric("stdout.log", R"(ENERGY\s+(\S+))", Take::Last), pointer});
  request.rules.required = {"result.json"};
  request.rules.failure = {{MetricSource::From::Stderr, "", "(panic.*)"}};
  const auto mean_of = [](const std::function<void()>& work) {
    constexpr int kTimes = 2000;
    return seconds_of([&] {
             for (int i = 0; i < kTimes; ++i) work();
           }) /
           kTimes;
  };
  const double good = mean_of([&] { (void)harvest(request); });
  request.exited_zero = false;
  const double bad = mean_of([&] { (void)harvest(request); });
  const double scan = mean_of([&] { (void)scan_activity(attempt.path()); });
  std::printf("%-48s %7.0f us\n", "tiny attempt that succeeded", good * 1e6);
  std::printf("%-48s %7.0f us\n", "tiny attempt that failed", bad * 1e6);
  std::printf("%-48s %7.0f us\n", "activity scan of 4 files", scan * 1e6);
  return good < 1e-3 && bad < 1e-3;
}

}  // namespace
}  // namespace studyctl

int main() {
  const bool is_fast = studyctl::measure_tiny_attempt();
  studyctl::measure_large_files();
  return is_fast ? 0 : 1;
}
