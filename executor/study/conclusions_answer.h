#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "manifest/written.h"
#include "model/conclusions.h"
#include "study/results_rows.h"

namespace studyctl {

// What the rows of a run come to: a row per group and metric.
struct ConclusionsQuery {
  Question question;
  std::string sort;  // "latency", "batch:desc": groups by a parameter or by the mean of a metric
};

// Its pieces. What the query lets through of what a run measured, with the units and goals of its manifest.
Result<Measurements> measurements_of(const ResultsQuery& query);
// Invalid: `sort` names neither a parameter nor a metric.
Result<void> sort_groups(const Measurements& measured, Conclusions& conclusions, const std::string& sort);
std::optional<double> number_in(const std::string& text);

// One thing that is said of a metric in a group.
struct ConclusionField {
  enum class Shown : uint8_t { Table, Wide, Data };  // in every table, with -o wide, in none
  const char* key;
  const char* heading;
  Shown shown = Shown::Data;
  Written data;
  std::string text{};
  bool is_interval = false;  // its data are two numbers, or null
};

// Conclusions as rows, each group's parameters before the fields of one of its metrics. What it is given must
// outlive it.
struct ConclusionRows {
  using Visit = std::function<void(const ResultGroup& group, const std::vector<ConclusionField>& fields)>;

  void each(const Visit& visit) const;
  std::vector<std::string> parameter_names() const;
  std::vector<std::string> parameter_cells(const ResultGroup& group) const;
  Written data_of(const ResultGroup& group, const std::vector<ConclusionField>& fields) const;
  // Without a goal there is no best.
  bool has_goal() const;

  const Measurements& measured;
  const Conclusions& conclusions;
  bool has_baseline = false;
};

// The answer to a ConclusionsQuery.
struct ConclusionsAnswer {
  static Result<ConclusionsAnswer> of(const ResultsQuery& query, const ConclusionsQuery& asked);

  ConclusionRows rows() const { return {measured, conclusions, has_baseline}; }
  // All of it, as a List.
  Written data() const;

  Measurements measured;
  Conclusions conclusions;
  std::vector<MetricDrift> drifts;
  FlagTally flagged;
  bool has_baseline = false;
  bool is_clean = false;  // what was flagged is left out
};

}  // namespace studyctl
