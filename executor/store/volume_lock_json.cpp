#include "store/volume_lock_json.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace studyctl {

using nlohmann::json;

std::string holder_to_json(const LockHolder& holder) {
  const nlohmann::ordered_json text = {{"pid", holder.pid},
                                       {"host", to_utf8(holder.host)},
                                       {"study", to_utf8(holder.study)},
                                       {"run", to_utf8(holder.run)},
                                       {"since", format_instant(holder.since)}};
  return text.dump();
}

std::optional<LockHolder> holder_from_json(std::string_view text) {
  try {
    const json holder = json::parse(text);
    const Result<Instant> since = parse_instant(holder.at("since").get<std::string>());
    if (!since) return std::nullopt;
    return LockHolder{holder.at("pid"), holder.at("host"), holder.at("study"), holder.at("run"), *since};
  } catch (const json::exception&) { return std::nullopt; }
}

}  // namespace studyctl
