#include <nlohmann/json.hpp>

#include "base/text.h"
#include "store/progress_line.h"

namespace studyctl {
namespace {

using nlohmann::ordered_json;

ordered_json text(const std::string& word) {
  return word.empty() ? ordered_json(nullptr) : ordered_json(word);
}

std::string text_of(const ordered_json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? "" : found->get<std::string>();
}

template <class Number>
Number number_of(const ordered_json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? Number{0} : found->get<Number>();
}

}  // namespace

std::string to_json_line(const ProgressLine& line) {
  ordered_json json = {
      {"seq", line.seq}, {"at", format_instant(line.at)}, {"experiment", text(line.experiment)}};
  if (!line.experiment.empty()) {
    json["cycle"] = line.cycle;
    json["attempt"] = line.attempt == 0 ? ordered_json(nullptr) : ordered_json(line.attempt);
  }
  json["from"] = line.from;
  json["to"] = line.to;
  json["reason"] = text(line.reason);
  json["duration_seconds"] = line.duration ? ordered_json(static_cast<double>(line.duration->count()) / 1000)
                                           : ordered_json(nullptr);
  if (!line.experiment.empty()) {
    json["generation"] = line.generation;
    json["index"] = line.index;
  }
  if (!line.message.empty()) json["message"] = line.message;
  if (!line.source.empty()) json["source"] = line.source;
  if (line.experiments > 0) {
    json["generation"] = line.generation;
    json["experiments"] = line.experiments;
  }
  if (line.cycles > 0) json["cycles"] = line.cycles;
  if (line.before) json["before"] = {{"generation", line.before->generation}, {"index", line.before->index}};
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<ProgressLine> progress_from_json(std::string_view bytes) {
  try {
    const ordered_json json = ordered_json::parse(bytes);
    ProgressLine line;
    line.seq = json.at("seq");
    Result<Instant> at = parse_instant(json.at("at").get<std::string>());
    if (!at) return std::move(at).error();
    line.at = *at;
    line.experiment = text_of(json, "experiment");
    line.generation = std::max(uint32_t{1}, number_of<uint32_t>(json, "generation"));
    line.index = number_of<uint64_t>(json, "index");
    line.cycle = number_of<uint32_t>(json, "cycle");
    line.attempt = number_of<uint32_t>(json, "attempt");
    line.from = text_of(json, "from");
    line.to = text_of(json, "to");
    line.reason = text_of(json, "reason");
    if (json.contains("duration_seconds") && !json["duration_seconds"].is_null())
      line.duration = Duration(std::llround(json["duration_seconds"].get<double>() * 1000));
    line.message = text_of(json, "message");
    line.source = text_of(json, "source");
    if (const auto before = json.find("before"); before != json.end())
      line.before = {before->at("generation"), before->at("index")};
    line.experiments = number_of<uint64_t>(json, "experiments");
    line.cycles = number_of<uint32_t>(json, "cycles");
    return line;
  } catch (const ordered_json::exception& error) {
    return Error{ErrorCode::Invalid, std::string("is not a line of progress.jsonl: ") + error.what()};
  }
}

}  // namespace studyctl
