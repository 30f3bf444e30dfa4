#include "base/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace studyctl {
namespace {

size_t occurrences(const std::string& text, const std::string& of) {
  size_t count = 0;
  for (size_t at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) ++count;
  return count;
}

TEST(Metrics, AFamilyStandsTogetherWhoeverItIsOf) {
  MetricsPage page;
  Metrics nmr(page, {{"study", "nmr"}});
  Metrics xtb(page, {{"study", "xtb"}});
  const MetricName name{"things_total", "Things that were."};
  nmr.counter(name, {{"kind", "a"}}).add();
  nmr.counter({"others_total", "Others."}).add();
  xtb.counter(name, {{"kind", "b"}}).add(2);
  nmr.counter(name, {{"kind", "a"}}).add();
  const std::string text = page.text();
  EXPECT_EQ(occurrences(text, "# TYPE things_total counter\n"), 1u) << text;
  EXPECT_NE(text.find("things_total{study=\"nmr\",kind=\"a\"} 2\n"
                      "things_total{study=\"xtb\",kind=\"b\"} 2\n"),
            std::string::npos)
      << text;
}

TEST(Metrics, WhatIsOfARunGoesWithIt) {
  MetricsPage page;
  {
    Metrics run(page, {{"study", "nmr"}});
    run.gauge({"here", "It is here."}).set(1);
    EXPECT_NE(page.text().find("here{study=\"nmr\"} 1\n"), std::string::npos);
  }
  EXPECT_EQ(page.text(), "");
}

TEST(Metrics, AHistogramCountsWhatIsAtMostItsBound) {
  MetricsPage page;
  Metrics metrics(page);
  const Histogram seconds = metrics.histogram({"took_seconds", "How long it took."}, {0.5, 1});
  for (const double value : {0.25, 0.75, 8.0}) seconds.observe(value);
  const std::string text = page.text();
  for (const char* line :
       {"took_seconds_bucket{le=\"0.5\"} 1\n", "took_seconds_bucket{le=\"1\"} 2\n",
        "took_seconds_bucket{le=\"+Inf\"} 3\n", "took_seconds_sum 9\n", "took_seconds_count 3\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST(Metrics, NamesOfPeopleAreWrittenSoThatTheyCanBeRead) {
  MetricsPage page;
  Metrics metrics(page, {{"study", "a\"b\\c\nd"}});
  metrics.gauge({"here", "It is here."}).set(1);
  EXPECT_NE(page.text().find("here{study=\"a\\\"b\\\\c\\nd\"} 1\n"), std::string::npos) << page.text();
}

TEST(Metrics, NothingIsLostBetweenThreadsThatCountAndOneThatLooks) {
  MetricsPage page;
  Metrics metrics(page);
  const Counter counter = metrics.counter({"all_total", "All."});
  const Histogram seconds = metrics.histogram({"took_seconds", "How long it took."}, short_times());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        counter.add();
        seconds.observe(0.001);
      }
    });
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(page.text().empty());
  for (std::thread& thread : threads) thread.join();
  EXPECT_NE(page.text().find("all_total 4000\n"), std::string::npos);
  EXPECT_NE(page.text().find("took_seconds_count 4000\n"), std::string::npos);
}

TEST(Metrics, WhoIsNotAskedToMeasureNeedNotKnow) {
  Counter().add();
  Gauge().set(1);
  const Timing timing{Histogram()};
}

}  // namespace
}  // namespace studyctl
