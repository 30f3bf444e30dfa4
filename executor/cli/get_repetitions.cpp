#include "cli/get_repetitions.h"

#include "base/text.h"
#include "cli/exit_code.h"
#include "cli/never_started.h"
#include "cli/run_text.h"
#include "cli/status_text.h"
#include "cli/written_json.h"
#include "store/experiment_list.h"
#include "store/result_row.h"

namespace studyctl {
namespace {

constexpr size_t kMessageColumns = 60;

Written number(uint64_t value) {
  return Written::number(static_cast<int64_t>(value));
}
Written maybe_number(const std::optional<int>& value) {
  return value ? Written::number(int64_t{*value}) : written_null();
}
Written maybe_reason(const std::optional<Reason>& reason) {
  return reason ? Written::text(name_of(*reason)) : written_null();
}
Written texts(const std::vector<std::string>& list) {
  Written::List all;
  for (const std::string& text : list) all.push_back(Written::text(text));
  return {std::move(all)};
}
std::string text_of(const std::optional<Reason>& reason) {
  return reason ? std::string(name_of(*reason)) : "";
}
std::string text_of(const std::optional<int>& number) {
  return number ? std::to_string(*number) : "";
}

std::string parameters_text(const std::string& parameters) {
  std::string text;
  for (const auto& [name, value] : parameter_texts(parameters))
    text += (text.empty() ? "" : " ") + name + "=" + value;
  return text;
}

// "4 Succeeded, 1 Failed"
template <class Word, size_t N>
std::string counts_text(const std::array<uint64_t, N>& counts) {
  std::string text;
  for (size_t i = 0; i < N; ++i)
    if (counts.at(i) > 0)
      text += (text.empty() ? "" : ", ") + std::to_string(counts.at(i)) + " " +
              std::string(name_of(static_cast<Word>(i)));
  return text;
}

template <class Word, size_t N>
Written counts_data(const std::array<uint64_t, N>& counts) {
  Written::Map map;
  for (size_t i = 0; i < N; ++i)
    if (counts.at(i) > 0) map.emplace_back(name_of(static_cast<Word>(i)), number(counts.at(i)));
  return {std::move(map)};
}

// ---- experiments ----

ListItem item_of(const ChosenRun& chosen, const ExperimentSummary& experiment) {
  ListItem item;
  item.name = experiment.experiment;
  item.path = chosen.directory.repetition({experiment.experiment, 1, 1}).parent_path();
  std::array<uint64_t, kReasons> reasons = experiment.reasons;
  reasons.at(static_cast<size_t>(Reason::Completed)) = 0;
  item.cells = {experiment.experiment, counts_text<RepetitionState>(experiment.counts),
                counts_text<Reason>(reasons), parameters_text(experiment.parameters)};
  item.wide = {std::to_string(experiment.index), std::to_string(experiment.fail_count), item.path.string()};
  item.data = {Written::Map{{"experiment", Written::text(experiment.experiment)},
                            {"index", number(experiment.index)},
                            {"parameters", written_from_json(experiment.parameters)},
                            {"counts", counts_data<RepetitionState>(experiment.counts)},
                            {"reasons", counts_data<Reason>(experiment.reasons)},
                            {"path", Written::text(item.path.string())}}};
  return item;
}

// ---- repetitions ----

std::filesystem::path path_of(const ChosenRun& chosen, const RepetitionSummary& repetition) {
  return chosen.directory.repetition({repetition.experiment, repetition.key.cycle, repetition.attempt});
}

ListItem item_of(const ChosenRun& chosen, const RepetitionSummary& repetition, Instant now) {
  ListItem item;
  item.name = repetition.experiment;
  if (repetition.attempt > 0) item.path = path_of(chosen, repetition);
  item.cells = {repetition.experiment,
                std::to_string(repetition.key.cycle),
                std::string(name_of(repetition.state)),
                text_of(repetition.reason),
                std::to_string(repetition.attempt),
                took_text(repetition.started_at, repetition.finished_at, now),
                cut_to(printable(repetition.message), kMessageColumns)};
  item.wide = {text_of(repetition.exit_code), std::to_string(repetition.fail_count),
               instant_text(repetition.started_at), parameters_text(repetition.parameters),
               item.path.string()};
  item.data = {Written::Map{
      {"experiment", Written::text(repetition.experiment)},
      {"cycle", number(repetition.key.cycle)},
      {"state", Written::text(name_of(repetition.state))},
      {"reason", maybe_reason(repetition.reason)},
      {"attempt", number(repetition.attempt)},
      {"fail_count", number(repetition.fail_count)},
      {"exit_code", maybe_number(repetition.exit_code)},
      {"message", Written::text(repetition.message)},
      {"parameters", written_from_json(repetition.parameters)},
      {"started_at", written_instant(repetition.started_at)},
      {"finished_at", written_instant(repetition.finished_at)},
      {"duration_seconds", repetition.finished_at ? written_seconds(repetition.duration) : written_null()},
      {"path", item.path.empty() ? written_null() : Written::text(item.path.string())}}};
  return item;
}

RepetitionSummary summary_of(const PlannedRepetition& planned, RepetitionState state) {
  RepetitionSummary summary;
  summary.key = {1, planned.index, planned.cycle};
  summary.experiment = planned.experiment;
  summary.parameters = planned.parameters;
  summary.state = state;
  return summary;
}

// ---- attempts ----

Written metrics_data(const std::vector<MetricValue>& metrics) {
  Written::Map map;
  for (const MetricValue& metric : metrics) map.emplace_back(metric.name, written_number(metric.value));
  return {std::move(map)};
}

std::string metrics_text(const std::vector<MetricValue>& metrics) {
  std::string text;
  for (const MetricValue& metric : metrics)
    text += (text.empty() ? "" : " ") + metric.name + "=" + number_text(metric.value) + metric.unit;
  return text;
}

ListItem item_of(const ChosenRun& chosen, const std::string& experiment, const AttemptSummary& attempt,
                 Instant now) {
  ListItem item;
  item.name = experiment;
  const uint32_t cycle = attempt.key.repetition.cycle;
  if (auto path = chosen.directory.locate({experiment, cycle, attempt.key.attempt}))
    item.path = *std::move(path);
  item.cells = {experiment,
                std::to_string(cycle),
                std::to_string(attempt.key.attempt),
                attempt.state,
                text_of(attempt.reason),
                text_of(attempt.exit_code),
                took_text(attempt.started_at, attempt.finished_at, now),
                cut_to(printable(attempt.message), kMessageColumns)};
  item.wide = {instant_text(attempt.started_at), attempt.cpus,
               join(attempt.devices, ","),       metrics_text(attempt.metrics),
               attempt.container.substr(0, 12),  item.path.string()};
  item.data = {Written::Map{
      {"experiment", Written::text(experiment)},
      {"cycle", number(cycle)},
      {"attempt", number(attempt.key.attempt)},
      {"state", Written::text(attempt.state)},
      {"reason", maybe_reason(attempt.reason)},
      {"counted", Written::boolean(attempt.counted)},
      {"exit_code", maybe_number(attempt.exit_code)},
      {"message", Written::text(attempt.message)},
      {"container", Written::text(attempt.container)},
      {"image_digest", Written::text(attempt.image_digest)},
      {"devices", texts(attempt.devices)},
      {"cpus", Written::text(attempt.cpus)},
      {"metrics", metrics_data(attempt.metrics)},
      {"warnings", texts(attempt.warnings)},
      {"started_at", written_instant(attempt.started_at)},
      {"finished_at", written_instant(attempt.finished_at)},
      {"duration_seconds", attempt.finished_at ? written_seconds(attempt.duration) : written_null()},
      {"path", item.path.empty() ? written_null() : Written::text(item.path.string())}}};
  return item;
}

Listing::Headings headings_of(RepetitionList kind) {
  switch (kind) {
    case RepetitionList::Experiments:
      return {{"EXPERIMENT", "CYCLES", "REASONS", "PARAMETERS"}, {"INDEX", "FAILURES", "PATH"}};
    case RepetitionList::Repetitions:
      return {{"EXPERIMENT", "CYCLE", "STATE", "REASON", "ATTEMPT", "TOOK", "MESSAGE"},
              {"EXIT", "FAILURES", "STARTED", "PARAMETERS", "PATH"}};
    case RepetitionList::Attempts:
      return {{"EXPERIMENT", "CYCLE", "ATTEMPT", "STATE", "REASON", "EXIT", "TOOK", "MESSAGE"},
              {"STARTED", "CPUS", "DEVICES", "METRICS", "CONTAINER", "PATH"}};
  }
  return {};
}

// ---- the lists ----

class Lister {
 public:
  Lister(const ChosenRun& chosen, const SelectionRules& rules, const RepetitionListing& request)
      : chosen_(chosen),
        rules_(rules),
        request_(request),
        listing_(stdout, request.output, headings_of(request.kind)) {}

  Result<void> list() {
    if (auto listed = list_started(); !listed) return listed;
    if (wants_never_started())
      if (auto listed = list_never_started(); !listed) return listed;
    listing_.finish("nothing is selected");
    return is_for_people() ? tell_of_the_rest() : Result<void>();
  }

 private:
  Result<void> list_started() {
    switch (request_.kind) {
      case RepetitionList::Experiments: return list_experiments();
      case RepetitionList::Repetitions:
        return visit_selected(chosen_, rules_, [&](const RepetitionSummary& repetition) {
          listing_.add(item_of(chosen_, repetition, now_));
          return true;
        });
      case RepetitionList::Attempts: return list_attempts();
    }
    return {};
  }

  Result<void> list_experiments() {
    return visit_experiments(chosen_.volume.database(), chosen_.run.record.id, rules_.filter,
                             [&](const ExperimentSummary& experiment) {
                               if (rules_.matches(experiment.parameters))
                                 listing_.add(item_of(chosen_, experiment));
                               return true;
                             });
  }

  Result<void> list_attempts() {
    Result<void> listed;
    auto read = visit_selected(chosen_, rules_, [&](const RepetitionSummary& repetition) {
      auto attempts =
          chosen_.catalog.attempts(chosen_.run.record.id, repetition.experiment, repetition.key.cycle);
      if (!attempts) {
        listed = std::move(attempts).error();
        return false;
      }
      for (const AttemptSummary& attempt : *attempts)
        listing_.add(item_of(chosen_, repetition.experiment, attempt, now_));
      return true;
    });
    return read ? listed : read;
  }

  // They have never ended for a reason, and have no attempts.
  bool wants_never_started() const {
    return request_.kind == RepetitionList::Repetitions && !rules_.filter.states.empty() &&
           rules_.filter.reasons.empty() && rules_.wants(state_of_never_started(chosen_.run));
  }

  Result<void> list_never_started() {
    const RepetitionState state = state_of_never_started(chosen_.run);
    return visit_never_started(chosen_, rules_, [&](const PlannedRepetition& planned) {
      listing_.add(item_of(chosen_, summary_of(planned, state), now_));
      return true;
    });
  }

  bool is_for_people() const {
    return (request_.output == Output::Table || request_.output == Output::Wide) &&
           rules_.filter.states.empty() && rules_.filter.reasons.empty();
  }

  Result<void> tell_of_the_rest() {
    auto count = count_never_started(chosen_);
    if (!count) return std::move(count).error();
    if (*count == 0) return {};
    const std::string state(name_of(state_of_never_started(chosen_.run)));
    std::fprintf(stderr, "%s never started: %s (studyctl get repetitions %s --state %s lists them)\n",
                 counted(*count, "repetition").c_str(), state.c_str(), chosen_.run.record.study.c_str(),
                 state.c_str());
    return {};
  }

  const ChosenRun& chosen_;
  const SelectionRules& rules_;
  const RepetitionListing& request_;
  Listing listing_;
  Instant now_ = SystemClock().now();
};

}  // namespace

int list_repetitions(const Context& context, const RepetitionListing& request) {
  auto rules = understand(request.selection);
  if (!rules) return fail(rules.error());
  auto chosen = choose_run(context.find_volume(), request.study);
  if (!chosen) return fail(chosen.error());
  if (auto listed = Lister(*chosen, *rules, request).list(); !listed) return fail(listed.error());
  return kSucceeded;
}

}  // namespace studyctl
