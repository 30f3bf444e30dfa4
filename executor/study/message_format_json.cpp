#include <nlohmann/json.hpp>

#include "base/text.h"
#include "study/message_format.h"

namespace studyctl {
namespace {

using nlohmann::json;

constexpr size_t kLongestWords = 300;

json data_of(const Message& message) {
  json data = json::parse(message.data, nullptr, false);
  return data.is_object() ? data : json::object();
}

std::string text_in(const json& data, const char* name) {
  const auto found = data.find(name);
  if (found == data.end() || !found->is_string()) return {};
  std::string text = printable(found->get<std::string>());
  if (text.size() > kLongestWords) text = to_utf8(text.substr(0, kLongestWords)) + "…";
  return text;
}

uint64_t count_in(const json& data, const char* name) {
  return data.value(name, uint64_t{0});
}

std::string dumped(const json& from) {
  return from.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string counts_text(const json& data) {
  std::string text = std::to_string(count_in(data, "succeeded")) + " of " +
                     std::to_string(count_in(data, "total")) + " succeeded";
  for (const char* name : {"failed", "infeasible", "cancelled", "skipped"})
    if (const uint64_t number = count_in(data, name)) text += ", " + std::to_string(number) + " " + name;
  return text;
}

std::string after(const json& data) {
  const double seconds = data.value("seconds", 0.0);
  return human_duration(Duration(static_cast<int64_t>(seconds * 1000)));
}

std::string failure_text(const json& experiment) {
  std::string text = text_in(experiment, "name") + ", cycle " +
                     std::to_string(count_in(experiment, "cycle")) + ": " + text_in(experiment, "reason");
  const std::string why = text_in(experiment, "message");
  return why.empty() ? text : text + ": " + why;
}

// What Slack's own markup would be made of is shown as it is.
std::string escaped_for_slack(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string headline_of(const Message& message) {
  const json data = data_of(message);
  const std::string begin = printable(message.study) + ": ";
  if (message.occasion == "Test") return begin + "a test message of studyctl";
  const std::string words = text_in(data, "message");
  if (message.occasion == "ExperimentFailed" && data.contains("experiment"))
    return begin + "failed: " + failure_text(data["experiment"]);
  if (message.occasion == "ThresholdExceeded") return begin + "threshold exceeded: " + words;
  if (message.occasion == "Completed" || message.occasion == "CompletedWithFailures")
    return begin + message.occasion + ": " + counts_text(data) + " in " + after(data);
  return begin + message.occasion + (words.empty() ? "" : ": " + words);
}

std::string details_of(const Message& message) {
  if (message.occasion == "Test") return "It has arrived, so others will.\r\n";
  const json data = data_of(message);
  return "run: " + printable(message.run) + "\r\nstate: " + text_in(data, "state") + ", after " +
         after(data) + "\r\n" + counts_text(data) + "\r\nat: " + format_instant(message.at) + "\r\n";
}

std::string cloud_event(const Message& message, const std::string& volume_id) {
  return dumped({{"specversion", "1.0"},
                 {"id", message.id},
                 {"source", "urn:uuid:" + volume_id},
                 {"type", "io.studyctl." + message.occasion},
                 {"subject", message.run},
                 {"time", format_instant(message.at)},
                 {"datacontenttype", "application/json"},
                 {"data", data_of(message)}});
}

std::string slack_text(const Message& message) {
  std::string text = "*" + escaped_for_slack(headline_of(message)) + "*";
  if (message.occasion != "Test")
    text += "\n" + escaped_for_slack(message.run + ": " + counts_text(data_of(message)));
  return dumped({{"text", text}});
}

}  // namespace studyctl
