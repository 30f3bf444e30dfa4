#include "store/harvest/harvest.h"

#include <algorithm>

#include "base/text.h"
#include "store/harvest/content_check.h"
#include "store/harvest/failure.h"
#include "store/harvest/metric_source.h"

namespace studyctl {
namespace {

constexpr size_t kMostWarnings = 100;

struct Judgement {
  Reason reason;
  std::string message;
};

std::optional<Judgement> missing_results(const AttemptDirectory& directory, const ResultRules& rules) {
  std::vector<std::string> missing;
  for (const std::string& file : rules.required) {
    const std::vector<std::string> found = directory.find(file);
    if (std::none_of(found.begin(), found.end(),
                     [&](const std::string& name) { return directory.contains(name); }))
      missing.push_back(file);
  }
  if (missing.empty()) return std::nullopt;
  const std::string what =
      missing.size() == 1 ? "required file is missing: " : "required files are missing: ";
  return Judgement{Reason::ResultMissing, what + join(missing, ", ")};
}

std::optional<Judgement> failed_check(const AttemptDirectory& directory, const ResultRules& rules,
                                      ReadBudget& budget) {
  for (const ContentCheck& check : rules.failure) {
    const CheckResult result = look_for(directory, check, budget);
    if (result.found) return Judgement{Reason::CheckFailed, result.text};
    if (!result.readable) return Judgement{Reason::CheckFailed, "failure check: " + result.problem};
  }
  for (const ContentCheck& check : rules.success) {
    const CheckResult result = look_for(directory, check, budget);
    if (!result.found) return Judgement{Reason::CheckFailed, "success check: " + result.problem};
  }
  return std::nullopt;
}

std::optional<Judgement> judge(const AttemptDirectory& directory, const ResultRules& rules,
                               ReadBudget& budget) {
  if (auto missing = missing_results(directory, rules)) return missing;
  return failed_check(directory, rules, budget);
}

}  // namespace

Harvest harvest(const HarvestRequest& request) {
  Harvest result;
  const auto directory = AttemptDirectory::open(request.directory);
  if (!directory) {
    result.message = "the attempt's directory cannot be read: " + directory.error().message;
    result.warnings = {result.message};
    if (request.exited_zero) result.verdict = Reason::ResultMissing;
    return result;
  }
  ReadBudget budget(request.limits);
  if (request.exited_zero) {
    if (auto judgement = judge(*directory, request.rules, budget)) {
      result.verdict = judgement->reason;
      result.message = std::move(judgement->message);
    }
  }
  if (request.exited_zero && !result.verdict) {
    MetricReadings readings = read_metrics(*directory, request.rules.metrics, budget);
    result.metrics = std::move(readings.metrics);
    result.warnings = std::move(readings.warnings);
    if (result.warnings.size() > kMostWarnings) result.warnings.resize(kMostWarnings);
    return result;
  }
  result.failure = read_failure(request.directory, *directory, request.termination_message_path_on_host);
  if (!request.exited_zero) result.gpu_failure = gpu_failure_in(*directory, budget);
  result.matched_patterns = matching_in_logs(*directory, request.log_patterns, budget);
  return result;
}

}  // namespace studyctl
