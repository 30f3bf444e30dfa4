#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "plan/experiment.h"
#include "plan/plan.h"
#include "plan/study_builder.h"

// What holds for every design, tried on a thousand that are made at random from a seed.
namespace studyctl {
namespace {

constexpr int kDesigns = 1000;

class Designs {
 public:
  explicit Designs(uint32_t seed) : random_(seed) {}

  uint64_t below(uint64_t bound) { return random_() % bound; }

  std::vector<std::string> values(uint64_t most) {
    std::set<std::string> chosen;
    for (uint64_t i = 1 + below(most); i > 0; --i) chosen.insert("v" + std::to_string(below(most)));
    std::vector<std::string> shuffled(chosen.begin(), chosen.end());
    std::shuffle(shuffled.begin(), shuffled.end(), random_);
    return shuffled;
  }

  Axis next_axis(const std::string& name) {
    if (below(5) == 0) return {{name}, Range{static_cast<int64_t>(below(5)), 1, 1, 1 + below(4)}};
    if (below(5) > 0) return axis(name, values(4));
    std::vector<std::vector<std::string>> rows;
    for (const std::string& value : values(3)) rows.push_back({value, "w" + std::to_string(below(2))});
    return tied({name, name + "-too"}, rows);
  }

  // Axes, some of them in a scope; rules; a command that has parameters of all points in it.
  Study next() {
    Study study;
    for (uint64_t axes = 1 + below(5); axes > 0; --axes) {
      Axis added = next_axis("p" + std::to_string(axes));
      if (!study.sweep.empty() && below(3) == 0) {
        const Axis& owner = study.sweep[below(study.sweep.size())];
        const uint64_t row = below(owner.size());
        added.scope = Scope{owner.names[0], owner.value(row, 0).text};
      }
      study.sweep.push_back(std::move(added));
    }
    for (uint64_t rules = below(4); rules > 0; --rules) study.exclude.push_back(next_rule(study));
    const std::string& first = study.sweep.front().names[0];
    study.pod.main.image = "bench:1";
    study.pod.main.command = {"bench", "${params." + first + "}", "${run.seed}"};
    if (below(2) == 0) study.overrides.push_back(next_override(study));
    return study;
  }

 private:
  Requirement next_requirement(const Study& study) {
    using Is = Requirement::Is;
    const Axis& axis = study.sweep[below(study.sweep.size())];
    const std::string& name = axis.names[below(axis.names.size())];
    switch (below(5)) {
      case 0: return {name, Is::NotIn, texts(values(4)), false};
      case 1: return {name, Is::Greater, texts({"0.2"}), false};
      case 2: return {name, Is::LessOrEqual, texts({"0.4"}), false};
      case 3: return {name, Is::Like, texts({"*1"}), false};
      default: return {name, Is::In, texts(values(4)), false};
    }
  }
  ExcludeRule next_rule(const Study& study) {
    ExcludeRule rule;
    for (uint64_t keys = 1 + below(3); keys > 0; --keys) rule.match.push_back(next_requirement(study));
    return rule;
  }
  Override next_override(const Study& study) {
    Override result;
    result.match = {next_requirement(study)};
    result.arguments = std::vector<std::string>{"--quick"};
    return result;
  }

  std::mt19937 random_;
};

using Parameters = std::map<std::string, std::string>;

// The points of a study, one by one, as its rules read.
std::multiset<Parameters> expanded(const Study& study) {
  std::vector<Parameters> points = {{}};
  std::vector<const Axis*> left;
  for (const Axis& axis : study.sweep) left.push_back(&axis);
  std::set<std::string> named;
  while (!left.empty()) {
    const auto next = std::find_if(left.begin(), left.end(), [&](const Axis* axis) {
      return !axis->scope || named.contains(axis->scope->parameter);
    });
    const Axis& axis = **next;
    left.erase(next);
    named.insert(axis.names.begin(), axis.names.end());
    std::vector<Parameters> longer;
    for (const Parameters& point : points) {
      const bool is_there = !axis.scope || (point.contains(axis.scope->parameter) &&
                                            point.at(axis.scope->parameter) == axis.scope->value);
      if (!is_there) longer.push_back(point);
      for (uint64_t row = 0; is_there && row < axis.size(); ++row) {
        longer.push_back(point);
        for (size_t name = 0; name < axis.names.size(); ++name)
          longer.back()[axis.names[name]] = axis.at(row)[name].text;
      }
    }
    points = std::move(longer);
  }
  std::erase_if(points, [&](const Parameters& point) {
    return std::any_of(study.exclude.begin(), study.exclude.end(), [&](const ExcludeRule& rule) {
      return std::all_of(rule.match.begin(), rule.match.end(), [&](const Requirement& requirement) {
        const auto found = point.find(requirement.name);
        if (found == point.end()) return false;
        const Value value = text(found->second);
        return requirement.holds(&value);
      });
    });
  });
  return {points.begin(), points.end()};
}

// Of every point: its identity and its first seed, by its parameters.
std::map<std::string, std::pair<std::string, uint32_t>> facts_of(const Study& study) {
  std::map<std::string, std::pair<std::string, uint32_t>> facts;
  const Result<Plan> plan = Plan::make(study);
  if (!plan) return facts;
  const Inputs inputs;
  const Identifier identifier(study, inputs);
  for (uint64_t index = 0; index < plan->size(); ++index) {
    const Point point = plan->at(index);
    facts[canonical_parameters(point)] = {identifier.of(point).identity, repetition_seed(7, point, 1)};
  }
  return facts;
}

TEST(AnyDesign, HasTheExperimentsOfANaiveExpansionEachOnce) {
  Designs designs(20261122);
  for (int round = 0; round < kDesigns; ++round) {
    SCOPED_TRACE("design " + std::to_string(round));
    const Study study = designs.next();
    const std::multiset<Parameters> wanted = expanded(study);
    const Result<Plan> plan = Plan::make(study);
    ASSERT_EQ(plan ? plan->size() : 0, wanted.size());
    if (!plan) continue;
    std::multiset<Parameters> got;
    for (uint64_t index = 0; index < plan->size(); ++index) {
      Parameters parameters;
      for (const auto& [name, value] : plan->at(index).parameters) {
        parameters[name] = value.text;
        ASSERT_EQ(plan->value(index, name), value);
      }
      got.insert(parameters);
    }
    ASSERT_EQ(got, wanted);
  }
}

TEST(AnyDesign, GivesNoTwoExperimentsOneIdentity) {
  Designs designs(1);
  for (int round = 0; round < kDesigns; ++round) {
    const Study study = designs.next();
    std::set<std::string> identities;
    const auto facts = facts_of(study);
    for (const auto& [parameters, fact] : facts) identities.insert(fact.first);
    ASSERT_EQ(identities.size(), facts.size()) << "design " << round;
  }
}

TEST(AnyDesign, KeepsItsIdentitiesWhenItsAxesArePermuted) {
  Designs designs(2);
  std::mt19937 random(2);
  for (int round = 0; round < kDesigns; ++round) {
    Study study = designs.next();
    const auto before = facts_of(study);
    std::shuffle(study.sweep.begin(), study.sweep.end(), random);
    std::shuffle(study.exclude.begin(), study.exclude.end(), random);
    ASSERT_EQ(facts_of(study), before) << "design " << round;
  }
}

TEST(AnyDesign, KeepsEveryIdentityAndSeedWhenAValueIsAdded) {
  Designs designs(3);
  for (int round = 0; round < kDesigns; ++round) {
    Study study = designs.next();
    const auto before = facts_of(study);
    Axis& axis = study.sweep[designs.below(study.sweep.size())];
    auto* rows = std::get_if<std::vector<std::vector<Value>>>(&axis.values);
    if (rows == nullptr) continue;
    const auto place = static_cast<std::ptrdiff_t>(designs.below(rows->size() + 1));
    rows->insert(rows->begin() + place, std::vector<Value>(axis.names.size(), text("new")));
    const auto after = facts_of(study);
    for (const auto& [parameters, fact] : before) {
      ASSERT_TRUE(after.contains(parameters)) << "design " << round;
      ASSERT_EQ(after.at(parameters), fact) << "design " << round;
    }
  }
}

}  // namespace
}  // namespace studyctl
