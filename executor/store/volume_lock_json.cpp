#include "store/volume_lock_json.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace studyctl {

using nlohmann::json;

std::string holder_to_json(const LockHolder& holder) {
  nlohmann::ordered_json text = {{"pid", holder.pid},
                                 {"host", to_utf8(holder.host)},
                                 {"service", holder.is_service},
                                 {"runs", json::array()},
                                 {"since", format_instant(holder.since)}};
  for (const HeldRun& held : holder.runs)
    text["runs"].push_back({{"study", to_utf8(held.study)}, {"run", to_utf8(held.run)}});
  return text.dump();
}

std::optional<LockHolder> holder_from_json(std::string_view text) {
  try {
    const json read = json::parse(text);
    const Result<Instant> since = parse_instant(read.at("since").get<std::string>());
    if (!since) return std::nullopt;
    LockHolder holder{read.at("pid"), read.at("host"), read.at("service"), {}, *since};
    for (const json& held : read.at("runs")) holder.runs.push_back({held.at("study"), held.at("run")});
    return holder;
  } catch (const json::exception&) { return std::nullopt; }
}

}  // namespace studyctl
