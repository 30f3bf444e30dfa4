#include "cli/get_summary.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "study/list_items.h"
#include "study/run_text.h"
#include "study/selection.h"
#include "study/written_json.h"

namespace studyctl {
namespace {

struct Chronic {
  RepetitionSummary last;  // of those that failed so often, the one that changed last
  uint64_t repetitions = 0, fail_count = 0;
};

struct RunOutline {
  std::vector<Catalog::StateCount> counts;
  Catalog::TimedOut timed_out;
  std::vector<Chronic> chronic;
};

Result<std::vector<Chronic>> chronic_in(const ChosenRun& chosen, uint32_t min_fails) {
  RepetitionFilter filter;
  filter.min_fails = min_fails;
  std::vector<Chronic> chronic;
  std::map<std::string, size_t> places;
  auto read =
      chosen.catalog.repetitions(chosen.run.record.id, filter, [&](const RepetitionSummary& repetition) {
        const auto [place, is_new] = places.try_emplace(repetition.experiment, chronic.size());
        if (is_new) chronic.push_back({repetition});
        Chronic& one = chronic[place->second];
        ++one.repetitions;
        one.fail_count += repetition.fail_count;
        if (repetition.updated_at >= one.last.updated_at) one.last = repetition;
        return true;
      });
  if (!read) return std::move(read).error();
  std::stable_sort(chronic.begin(), chronic.end(),
                   [](const Chronic& a, const Chronic& b) { return a.fail_count > b.fail_count; });
  return chronic;
}

Result<RunOutline> outline_of(const ChosenRun& chosen, uint32_t min_fails) {
  const std::string& run = chosen.run.record.id;
  auto counts = chosen.catalog.counts_by_reason(run);
  if (!counts) return std::move(counts).error();
  uint64_t started = 0;
  for (const auto& one : *counts) started += one.repetitions;
  if (started < chosen.run.total)
    counts->push_back({state_of_never_started(chosen.run), std::nullopt, chosen.run.total - started});
  std::stable_sort(counts->begin(), counts->end(), [](const auto& a, const auto& b) {
    return a.repetitions != b.repetitions ? a.repetitions > b.repetitions : a.state < b.state;
  });
  auto timed_out = chosen.catalog.timed_out(run);
  if (!timed_out) return std::move(timed_out).error();
  auto chronic = chronic_in(chosen, min_fails);
  if (!chronic) return std::move(chronic).error();
  return RunOutline{*std::move(counts), *std::move(timed_out), *std::move(chronic)};
}

ListItem count_item(const Catalog::StateCount& count, uint64_t total) {
  char share[16];
  std::snprintf(
      share, sizeof share, "%.1f%%",
      100 * static_cast<double>(count.repetitions) / static_cast<double>(std::max<uint64_t>(total, 1)));
  ListItem item;
  item.column("STATE", "state", written_of(count.state));
  item.column("REASON", "reason", written_of(count.reason));
  item.column("REPETITIONS", "repetitions", written_of(count.repetitions), std::to_string(count.repetitions));
  item.cells.push_back({"SHARE", share});
  return item;
}

ListItem chronic_item(const ChosenRun& chosen, const Chronic& one) {
  const RepetitionSummary& last = one.last;
  ListItem item;
  item.name = last.experiment;
  item.path = chosen.directory.repetition({last.experiment, 1, 1}).parent_path();
  item.column("EXPERIMENT", "experiment", written_of(last.experiment));
  item.column("FAILURES", "fail_count", written_of(one.fail_count), std::to_string(one.fail_count));
  item.column("LAST REASON", "reason", written_of(last.reason));
  item.column("PARAMETERS", "parameters", written_from_json(last.parameters),
              parameters_text(last.parameters));
  item.wide_column("REPETITIONS", "repetitions", written_of(one.repetitions),
                   std::to_string(one.repetitions));
  item.wide_column("MESSAGE", "message", written_of(last.message));
  item.field("path", written_of(item.path.string()));
  return item;
}

std::string timed_out_text(const Catalog::TimedOut& timed_out) {
  uint64_t attempts = 0;
  std::vector<std::string> parts;
  for (const auto& [reason, count] : timed_out.attempts) {
    attempts += count;
    parts.push_back(std::to_string(count) + " " + std::string(name_of(reason)));
  }
  if (attempts == 0) return "no attempt";
  return counted(attempts, "attempt") + " of " + counted(timed_out.repetitions, "repetition") + " (" +
         join(parts, ", ") + ")";
}

void print_for_people(const ChosenRun& chosen, const RunOutline& outline, uint32_t min_fails, Output output) {
  const RunSummary& run = chosen.run;
  print_lines({run.record.directory + "  " + std::string(name_of(shown_state(run, chosen.volume.holder()))) +
                   ", " + std::to_string(count_done(run.counts)) + " of " + counted(run.total, "repetition") +
                   " done",
               ""});
  Listing counts(stdout, output);
  for (const auto& one : outline.counts) counts.add(count_item(one, run.total));
  counts.finish("");
  const std::string often = std::to_string(min_fails) + (min_fails == 1 ? " time" : " times") + " or more";
  print_lines({"", "timed out: " + timed_out_text(outline.timed_out),
               outline.chronic.empty() ? "chronic: none failed " + often
                                       : "chronic: " + counted(outline.chronic.size(), "experiment") +
                                             " with a repetition that failed " + often});
  if (outline.chronic.empty()) return;
  print_lines({""});
  Listing chronic(stdout, output);
  for (const Chronic& one : outline.chronic) chronic.add(chronic_item(chosen, one));
  chronic.finish("");
}

Written data_of(const ChosenRun& chosen, const RunOutline& outline, uint32_t min_fails) {
  Written::List counts, chronic;
  for (const auto& one : outline.counts) counts.push_back(count_item(one, chosen.run.total).data);
  for (const Chronic& one : outline.chronic) chronic.push_back(chronic_item(chosen, one).data);
  Written::Map reasons;
  for (const auto& [reason, count] : outline.timed_out.attempts)
    reasons.emplace_back(std::string(name_of(reason)), written_of(count));
  return {Written::Map{{"apiVersion", Written::text("studyctl.io/v1alpha1")},
                       {"kind", Written::text("Summary")},
                       {"study", written_of(chosen.run.record.study)},
                       {"run", written_of(chosen.run.record.directory)},
                       {"state", written_of(shown_state(chosen.run, chosen.volume.holder()))},
                       {"total", written_of(chosen.run.total)},
                       {"counts", {std::move(counts)}},
                       {"timed_out",
                        {Written::Map{{"attempts", {std::move(reasons)}},
                                      {"repetitions", written_of(outline.timed_out.repetitions)}}}},
                       {"min_fails", written_of(min_fails)},
                       {"chronic", {std::move(chronic)}}}};
}

}  // namespace

Result<void> print_run_summary(const ChosenRun& chosen, uint32_t min_fails, Output output) {
  const auto outline = outline_of(chosen, min_fails);
  if (!outline) return outline.error();
  switch (output) {
    case Output::Json:
    case Output::Yaml: print_data(stdout, output, data_of(chosen, *outline, min_fails)); break;
    case Output::Table:
    case Output::Wide: print_for_people(chosen, *outline, min_fails, output); break;
    case Output::Name:
    case Output::Path: {
      Listing chronic(stdout, output);
      for (const Chronic& one : outline->chronic) chronic.add(chronic_item(chosen, one));
      chronic.finish("");
    }
  }
  return {};
}

}  // namespace studyctl
