#include <nlohmann/json.hpp>

#include "base/text.h"
#include "store/status.h"

namespace studyctl {
namespace {

using nlohmann::ordered_json;

// Bounds, so that the file's size does not grow with what people write into names and messages.
constexpr size_t kLongestText = 500;
constexpr size_t kLongestParameters = 4096;

std::string cut(const std::string& text) {
  if (text.size() <= kLongestText) return text;
  return text.substr(0, kLongestText) + "…";
}

ordered_json parameters_of(const std::string& text) {
  if (text.empty() || text.size() > kLongestParameters) return nullptr;
  ordered_json parameters = ordered_json::parse(text, nullptr, false);
  return parameters.is_object() ? parameters : ordered_json(nullptr);
}

ordered_json at(const std::optional<Instant>& instant) {
  return instant ? ordered_json(format_instant(*instant)) : ordered_json(nullptr);
}

ordered_json number(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

template <class Enum, size_t N>
ordered_json counts_of(const std::array<uint64_t, N>& counts) {
  ordered_json json = ordered_json::object();
  for (size_t i = 0; i < N; ++i) json[std::string(name_of(static_cast<Enum>(i)))] = counts.at(i);
  return json;
}

ordered_json current_of(const Status& status) {
  ordered_json list = ordered_json::array();
  for (const Status::Current& current : status.current) {
    if (list.size() == Status::kMostCurrent) break;
    list.push_back({{"experiment", current.experiment},
                    {"parameters", parameters_of(current.parameters)},
                    {"cycle", current.cycle},
                    {"attempt", current.attempt},
                    {"state", name_of(current.state)},
                    {"device", cut(current.device)},
                    {"started_at", at(current.started_at)},
                    {"progress", number(current.progress)},
                    {"message", cut(current.message)}});
  }
  return list;
}

ordered_json signatures_of(const Status& status) {
  ordered_json list = ordered_json::array();
  for (const Signatures::Share& share : status.signatures)
    list.push_back({{"failures", share.failures}, {"signature", cut(share.signature)}});
  return list;
}

ordered_json quarantined_of(const Status& status) {
  ordered_json list = ordered_json::array();
  for (const std::string& device : status.quarantined)
    if (list.size() < Status::kMostCurrent) list.push_back(cut(device));
  return list;
}

ordered_json failures_of(const Status& status) {
  ordered_json list = ordered_json::array();
  const size_t first = status.failures.size() - std::min(status.failures.size(), Status::kMostFailures);
  for (size_t i = first; i < status.failures.size(); ++i) {
    const Status::Failure& failure = status.failures.at(i);
    list.push_back({{"experiment", failure.experiment},
                    {"parameters", parameters_of(failure.parameters)},
                    {"cycle", failure.cycle},
                    {"reason", name_of(failure.reason)},
                    {"message", cut(failure.message)},
                    {"at", format_instant(failure.at)}});
  }
  return list;
}

ordered_json waiting_for(const Status& status) {
  ordered_json list = ordered_json::array();
  for (const std::string& sentence : status.waiting_for)
    if (list.size() < Status::kMostWaitingFor) list.push_back(cut(sentence));
  return list;
}

// ---- reading ----

Instant instant_of(const ordered_json& json) {
  const Result<Instant> instant = parse_instant(json.get<std::string>());
  return instant ? *instant : Instant();
}

std::optional<Instant> maybe_instant(const ordered_json& json) {
  return json.is_null() ? std::nullopt : std::optional(instant_of(json));
}

std::optional<double> maybe_number(const ordered_json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<double>());
}

std::string text_of(const ordered_json& json) {
  return json.is_null() ? "" : json.dump();
}

template <class Enum, size_t N>
void read_counts(const ordered_json& json, std::array<uint64_t, N>& counts) {
  for (size_t i = 0; i < N; ++i)
    counts.at(i) = json.value(std::string(name_of(static_cast<Enum>(i))), uint64_t{0});
}

void read_lists(const ordered_json& json, Status& status) {
  for (const ordered_json& item : json.at("current")) {
    Status::Current current{
        item.at("experiment"),
        text_of(item.at("parameters")),
        item.at("cycle"),
        item.at("attempt"),
        repetition_state_named(item.at("state").get<std::string>()).value_or(RepetitionState::Running),
        item.at("device"),
        maybe_instant(item.at("started_at")),
        maybe_number(item.at("progress")),
        item.at("message")};
    status.current.push_back(std::move(current));
  }
  for (const ordered_json& item : json.at("failures")) {
    const std::string reason = item.at("reason");
    status.failures.push_back({item.at("experiment"), text_of(item.at("parameters")), item.at("cycle"),
                               reason_named(reason).value_or(Reason::Error), item.at("message"),
                               instant_of(item.at("at"))});
  }
  // What 0.1 wrote has none of these.
  status.failed_attempts = json.value("failed_attempts", uint64_t{0});
  for (const ordered_json& item : json.value("signatures", ordered_json::array()))
    status.signatures.push_back({item.at("signature"), item.at("failures")});
  status.quarantined = json.value("quarantined", std::vector<std::string>());
  status.waiting_for = json.at("waiting_for").get<std::vector<std::string>>();
}

Status read(const ordered_json& json) {
  Status status;
  status.study = json.at("study");
  status.run_id = json.at("run_id");
  status.state = run_state_named(json.at("state").get<std::string>()).value_or(RunState::Interrupted);
  status.state_reason = json.at("state_reason");
  status.started_at = maybe_instant(json.at("started_at"));
  status.updated_at = instant_of(json.at("updated_at"));
  status.finished_at = maybe_instant(json.at("finished_at"));
  status.total = json.at("total");
  status.completed = json.at("completed");
  status.failed = json.at("failed");
  read_counts<RepetitionState>(json.at("counts"), status.counts);
  read_counts<Reason>(json.at("reasons"), status.reasons);
  read_lists(json, status);
  status.cooldown_until = maybe_instant(json.at("cooldown_until"));
  status.avg_duration_seconds = maybe_number(json.at("avg_duration_seconds"));
  status.eta_seconds = maybe_number(json.at("eta_seconds"));
  if (json.contains("eta_p90_seconds")) status.eta_p90_seconds = maybe_number(json.at("eta_p90_seconds"));
  status.controller = {json.at("pid"), json.at("host"), json.at("boot_id"), json.at("pid_started_at")};
  status.heartbeat_at = instant_of(json.at("heartbeat_at"));
  return status;
}

}  // namespace

std::string to_json(const Status& status) {
  const ordered_json json = {{"study", status.study},
                             {"run_id", status.run_id},
                             {"state", name_of(status.state)},
                             {"state_reason", cut(status.state_reason)},
                             {"started_at", at(status.started_at)},
                             {"updated_at", format_instant(status.updated_at)},
                             {"finished_at", at(status.finished_at)},
                             {"total", status.total},
                             {"completed", status.completed},
                             {"failed", status.failed},
                             {"counts", counts_of<RepetitionState>(status.counts)},
                             {"reasons", counts_of<Reason>(status.reasons)},
                             {"current", current_of(status)},
                             {"failures", failures_of(status)},
                             {"failed_attempts", status.failed_attempts},
                             {"signatures", signatures_of(status)},
                             {"quarantined", quarantined_of(status)},
                             {"waiting_for", waiting_for(status)},
                             {"cooldown_until", at(status.cooldown_until)},
                             {"avg_duration_seconds", number(status.avg_duration_seconds)},
                             {"eta_seconds", number(status.eta_seconds)},
                             {"eta_p90_seconds", number(status.eta_p90_seconds)},
                             {"pid", status.controller.pid},
                             {"host", status.controller.host},
                             {"boot_id", status.controller.boot_id},
                             {"pid_started_at", status.controller.pid_started_at},
                             {"heartbeat_at", format_instant(status.heartbeat_at)}};
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<Status> status_from_json(std::string_view text) {
  try {
    return read(ordered_json::parse(text));
  } catch (const ordered_json::exception& error) {
    return Error{ErrorCode::Invalid, std::string("is not a status: ") + error.what()};
  }
}

}  // namespace studyctl
