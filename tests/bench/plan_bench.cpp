#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "plan/experiment.h"
#include "plan/order.h"
#include "plan/plan.h"
#include "plan/study_builder.h"

// What a plan of ten million points costs, with exclude rules on every axis: at most 2 s and 100 MB to count.
namespace studyctl {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// `axes` axes of ten values, and rules that take about a third of the points.
Study study_of(int axes) {
  Study study;
  std::vector<std::string> digits;
  for (int digit = 0; digit < 10; ++digit) digits.push_back(std::to_string(digit));
  for (int i = 0; i < axes; ++i) study.sweep.push_back(axis("p" + std::to_string(i), digits));
  const std::string last = "p" + std::to_string(axes - 1);
  study.exclude = {rule({{"p0", {"3"}}, {"p1", {"1", "2"}}}),
                   rule({{"p0", {"7"}}, {last, {"5"}}}),
                   rule({{"p2", {"0", "9"}}, {"p4", {"4"}}}),
                   rule({{last, {"8"}}}),
                   rule({{"p1", {"5"}}, {"p3", {"5"}}, {last, {"1", "3", "5", "7", "9"}}}),
                   rule({{"p3", {"2", "4"}}, {"p5", {"6", "8"}}})};
  return study;
}

bool within(const char* what, double value, double bound, const char* unit) {
  const bool holds = value <= bound;
  std::printf("%-44s %10.3f %-6s (at most %g) %s\n", what, value, unit, bound, holds ? "ok" : "MISSED");
  return holds;
}

bool counting() {
  const Study study = study_of(7);
  const auto begin = std::chrono::steady_clock::now();
  const Result<Plan> plan = Plan::make(study);
  const double seconds = seconds_since(begin);
  std::printf("10,000,000 points, %zu rules: %llu stay\n", study.exclude.size(),
              static_cast<unsigned long long>(plan->size()));
  bool good = within("counting", seconds, 2, "s");

  constexpr uint64_t kLooks = 1'000'000;
  const RunOrder order(Order::Shuffled, plan->size(), 1, 42);
  size_t characters = 0;
  const auto second = std::chrono::steady_clock::now();
  for (uint64_t look = 0; look < kLooks; ++look)
    characters += plan->at(order.at(look).index).parameters.size();
  good &= within("at() of a random index", seconds_since(second) / kLooks * 1e6, 20, "us");
  good &= within("peak memory", peak_megabytes(), 100, "MB");
  return good && characters == kLooks * 7;
}

// A million names of experiments are made at every start of a run of that size.
bool identities() {
  Study study = study_of(6);
  study.pod.main.image = "acme/bench:1";
  study.pod.main.command = {"bench", "--a", "${params.p0}", "--b", "${params.p5}", "--seed", "${run.seed}"};
  study.files = {{"input.txt", "a ${params.p1}\nb ${params.p2}\n", ""}};
  const Result<Plan> plan = Plan::make(study);
  const Inputs inputs;
  const Identifier identifier(study, inputs);
  size_t characters = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t index = 0; index < plan->size(); ++index)
    characters += identifier.of(plan->at(index)).identity.size();
  const double million = 1e6 / static_cast<double>(plan->size());
  return within("expanding and hashing a million", seconds_since(begin) * million, 4, "s") &&
         within("peak memory", peak_megabytes(), 150, "MB") && characters == plan->size() * 64;
}

// Ten backends, each with two axes of its own; an override for half of them.
bool branches() {
  Study study;
  std::vector<std::string> digits;
  for (int digit = 0; digit < 10; ++digit) digits.push_back(std::to_string(digit));
  study.sweep = {axis("backend", digits)};
  for (const std::string& backend : digits) {
    for (const char* name : {".a", ".b"}) {
      study.sweep.push_back({{"x" + backend + name}, Range{0, 1, 0, 300}});
      study.sweep.back().scope = Scope{"backend", backend};
    }
  }
  study.pod.main.image = "acme/bench:1";
  study.overrides.resize(1);
  study.overrides[0].match = {{"backend", Requirement::Is::Less, texts({"5"}), false}};
  study.overrides[0].image = "acme/bench:2";
  const auto begin = std::chrono::steady_clock::now();
  const Result<Plan> plan = Plan::make(study);
  const Inputs inputs;
  const Identifier identifier(study, inputs);
  size_t characters = 0;
  for (uint64_t index = 0; index < plan->size(); ++index)
    characters += identifier.of(plan->at(index)).identity.size();
  const double million = 1e6 / static_cast<double>(plan->size());
  return within("the same with scopes and overrides", seconds_since(begin) * million, 4, "s") &&
         characters == 900'000u * 64;
}

bool counting_the_most() {
  const Study study = study_of(8);
  const auto begin = std::chrono::steady_clock::now();
  const Result<Plan> plan = Plan::make(study);
  return within("counting 100,000,000 points", seconds_since(begin), 10, "s") && plan->size() > 0;
}

}  // namespace
}  // namespace studyctl

int main() {
  bool good = studyctl::counting();
  good &= studyctl::identities();
  good &= studyctl::branches();
  good &= studyctl::counting_the_most();
  return good ? 0 : 1;
}
