#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/progress_line.h"
#include "model/states.h"

namespace studyctl {

std::string progress_line(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return "";
  try {
    const std::string to = json.value("to", "");
    const auto state = repetition_state_named(to);
    const bool retried = to == "Waiting" && json.value("attempt", 0) > 0;
    if (!retried && !(state && is_final(*state))) return "";
    std::string line = json.value("at", "") + " " + json.value("experiment", "") + " cycle " +
                       std::to_string(json.value("cycle", 1)) + ": " + (retried ? "to be retried" : to);
    const std::string reason = json.contains("reason") && json["reason"].is_string() ? json["reason"] : "";
    if (!reason.empty() && reason != "Completed") line += " (" + reason + ")";
    if (json.contains("duration_seconds") && json["duration_seconds"].is_number()) {
      const double seconds = json["duration_seconds"];
      line += " after " +
              human_duration(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
    }
    return printable(line);
  } catch (const nlohmann::json::exception&) { return ""; }
}

}  // namespace studyctl
