#include "study/plan_text.h"

#include <algorithm>

#include "base/text.h"
#include "manifest/parts.h"
#include "plan/estimate.h"
#include "plan/forecaster.h"
#include "plan/order.h"
#include "plan/repetition_rule.h"
#include "plan/variant.h"
#include "store/catalog.h"
#include "store/result_row.h"
#include "study/run_text.h"
#include "study/table.h"

namespace studyctl {
namespace {

// Beyond so many points it is not counted which of them an override matches.
constexpr uint64_t kMostCounted = 1'000'000;
constexpr size_t kMostColumns = 30;  // of a value

std::string match_text(const std::vector<Requirement>& match) {
  std::vector<std::string> parts;
  for (const Requirement& requirement : match) parts.push_back(text_of(requirement));
  return join(parts, ", ");
}

// "timeouts.run 2h", "limits.memory 64Gi": a text for each value below `map`.
void add_values(const Written::Map& map, const std::string& path, std::vector<std::string>& texts) {
  for (const auto& [name, value] : map) {
    if (path.empty() && name == "match") continue;
    if (const auto* below = std::get_if<Written::Map>(&value.data)) {
      const bool says_little = name == "container" || name == "resources";
      add_values(*below, says_little ? path : path + name + ".", texts);
      continue;
    }
    const auto* text = std::get_if<std::string>(&value.data);
    texts.push_back(path + name + " " + cut_to(text ? *text : json_of(value, Keys::AsWritten), kMostColumns));
  }
}

// Where each override changes what, and at how many points.
std::vector<std::string> override_lines(const Study& study, const Plan& plan) {
  std::vector<uint64_t> points;
  if (plan.size() <= kMostCounted) points = points_by_override(study, plan);
  std::vector<std::string> lines;
  for (size_t i = 0; i < study.overrides.size(); ++i) {
    const Override& one = study.overrides[i];
    const Written list = written_overrides({one}, OverridePart::All);
    std::vector<std::string> changes;
    add_values(std::get<Written::Map>(std::get<Written::List>(list.data).front().data), "", changes);
    const std::string where = "where " + match_text(one.match);
    lines.push_back("override: " +
                    (points.empty()
                         ? where
                         : std::to_string(points[i]) + " of " + counted(plan.size(), "point") + " " + where) +
                    ": " + join(changes, ", "));
  }
  for (std::string& line : lines) line = printable(line);
  return lines;
}

}  // namespace

std::optional<Experience> experience_of(const LoadedStudy& study, const Result<ResultsVolume>& volume) {
  if (!volume) return std::nullopt;
  const auto catalog = Catalog::of(*volume);
  if (!catalog) return std::nullopt;
  Forecaster forecaster(study.study());
  auto read = catalog->durations(study.study().name, [&](const std::string& parameters, Duration duration) {
    Point point;
    for (auto& [name, text] : parameter_texts(parameters))
      point.parameters.emplace_back(name, Value{Value::Kind::String, std::move(text)});
    forecaster.add(point, duration);
  });
  if (!read) return std::nullopt;
  const Execution& execution = study.study().execution;
  const RunOrder order(execution.order, study.plan->size(), execution.cycles, execution.seed);
  const auto at = [&](uint64_t place) {
    return Forecaster::Ahead{study.plan->at(order.at(place).index), {}, {}};
  };
  const auto forecast =
      forecaster.forecast(order.size(), at, static_cast<uint32_t>(std::max(execution.parallelism, 1)));
  if (!forecast) return std::nullopt;
  return Experience{*forecast, forecaster.size()};
}

std::vector<std::string> plan_summary(const LoadedStudy& study, const std::optional<Experience>& experience) {
  const Plan& plan = *study.plan;
  const Execution& execution = study.study().execution;
  std::vector<std::string> lines;
  std::string head = "study " + study.study().name + ": " + counted(plan.size(), "experiment");
  if (const uint32_t most = most_cycles(execution); most > execution.cycles)
    head += " × " + std::to_string(execution.cycles) + " to " + counted(most, "cycle") + " = " +
            std::to_string(study.repetitions()) + " to " + counted(plan.size() * most, "repetition");
  else if (most > 1)
    head += " × " + counted(most, "cycle") + " = " + counted(study.repetitions(), "repetition");
  head += ", " + std::string(name_of(execution.order)) + ", " + std::to_string(execution.parallelism) +
          " at a time";
  lines.push_back(head);
  if (study.repetitions() > execution.limit)
    lines.push_back("  more than the limit of " + std::to_string(execution.limit) +
                    " repetitions: apply wants --yes, or a higher spec.execution.limit");
  for (const Plan::Exclusion& exclusion : plan.exclusions())
    lines.push_back("  excluded: " + counted(exclusion.points, "point") + " where " +
                    match_text(exclusion.rule->match) + " (" + exclusion.rule->place + ")");
  for (const std::string& line : override_lines(study.study(), plan)) lines.push_back("  " + line);
  for (const std::string& line : estimate_lines(estimate(study.study(), plan.size(), experience)))
    lines.push_back("  " + line);
  return lines;
}

}  // namespace studyctl
