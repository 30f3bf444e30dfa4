#include <array>
#include <nlohmann/json.hpp>

#include "engine/process/supervised.h"

namespace studyctl {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 4> kOrderWords = {"start", "stop", "forget", "list"};
constexpr std::array<const char*, 6> kNewsWords = {"running", "refused", "ended", "gone", "known", "listed"};

template <class Kind, size_t N>
Kind kind_in(const json& from, const std::array<const char*, N>& words) {
  const std::string word = from.at("kind").get<std::string>();
  for (size_t i = 0; i < N; ++i)
    if (word == words.at(i)) return static_cast<Kind>(i);
  throw std::invalid_argument("there is no '" + word + "'");
}

int64_t milliseconds_of(Instant at) {
  return at.time_since_epoch().count();
}
Instant instant_of(const json& from) {
  return Instant(Duration(from.get<int64_t>()));
}

// Words, values and paths are any bytes, and JSON is UTF-8: each byte becomes the character of its number.
std::string text_of(const std::string& bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char each : bytes) {
    const auto byte = static_cast<unsigned char>(each);
    if (byte >= 0x80) text += static_cast<char>(0xc0 | byte >> 6);
    text += static_cast<char>(byte >= 0x80 ? 0x80 | (byte & 0x3f) : byte);
  }
  return text;
}

std::string bytes_of(const std::string& text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first < 0x80 || i + 1 == text.size()) {
      bytes += text[i];
      continue;
    }
    bytes += static_cast<char>((first & 0x03) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f));
  }
  return bytes;
}

std::string bytes_in(const json& from, const char* key) {
  return bytes_of(from.at(key).get<std::string>());
}

json json_of(const std::vector<Mount>& mounts) {
  json made = json::array();
  for (const Mount& mount : mounts) {
    made.push_back({{"memory", mount.kind == Mount::Kind::Memory},
                    {"source", text_of(mount.source)},
                    {"target", text_of(mount.target)},
                    {"read_only", mount.read_only}});
    if (mount.size_limit) made.back()["size"] = *mount.size_limit;
  }
  return made;
}

std::optional<int64_t> number_in(const json& from, const char* key) {
  return from.contains(key) ? std::optional(from[key].get<int64_t>()) : std::nullopt;
}

json json_of(const ProcessStart& start) {
  json words = json::array(), environment = json::array();
  for (const std::string& word : start.process.words) words.push_back(text_of(word));
  for (const auto& [name, value] : start.process.environment)
    environment.push_back({text_of(name), text_of(value)});
  json made = {{"run", start.run},
               {"words", std::move(words)},
               {"environment", std::move(environment)},
               {"directory", text_of(start.process.directory)},
               {"out", text_of(start.out)},
               {"err", text_of(start.err)},
               {"cpus", start.cpus}};
  if (start.user) made["user"] = *start.user;
  if (start.group) made["group"] = *start.group;
  made["may_gain_privileges"] = start.may_gain_privileges;
  if (start.limits.memory_bytes) made["memory"] = *start.limits.memory_bytes;
  if (start.limits.millicpu) made["millicpu"] = *start.limits.millicpu;
  if (start.limits.pids) made["pids"] = *start.limits.pids;
  if (!start.devices.empty()) made["devices"] = start.devices;
  if (!start.lease.empty()) made["lease"] = text_of(start.lease);
  const OwnNamespaces& own = start.process.namespaces;
  if (own.has_mounts) made["mounts"] = json_of(own.mounts);
  if (own.has_processes) made["own_processes"] = true;
  if (own.has_network) made["own_network"] = true;
  return made;
}

OwnNamespaces namespaces_in(const json& from) {
  OwnNamespaces own{from.contains("mounts"), from.contains("own_processes"), from.contains("own_network")};
  for (const json& mount : from.value("mounts", json::array()))
    own.mounts.push_back({mount.at("memory").get<bool>() ? Mount::Kind::Memory : Mount::Kind::Bind,
                          bytes_in(mount, "source"), bytes_in(mount, "target"),
                          mount.at("read_only").get<bool>(), number_in(mount, "size")});
  return own;
}

std::vector<std::string> devices_in(const json& from) {
  return from.contains("devices") ? from["devices"].get<std::vector<std::string>>()
                                  : std::vector<std::string>();
}

ProcessStart start_in(const json& from, const std::string& id) {
  ProcessStart start;
  start.id = id;
  start.run = from.at("run").get<std::string>();
  for (const json& word : from.at("words")) start.process.words.push_back(bytes_of(word.get<std::string>()));
  for (const json& variable : from.at("environment"))
    start.process.environment.emplace_back(bytes_of(variable.at(0).get<std::string>()),
                                           bytes_of(variable.at(1).get<std::string>()));
  start.process.directory = bytes_in(from, "directory");
  start.out = bytes_in(from, "out");
  start.err = bytes_in(from, "err");
  start.cpus = from.at("cpus").get<std::vector<int>>();
  start.user = number_in(from, "user");
  start.group = number_in(from, "group");
  start.may_gain_privileges = from.at("may_gain_privileges").get<bool>();
  start.devices = devices_in(from);
  if (from.contains("lease")) start.lease = bytes_in(from, "lease");
  start.process.namespaces = namespaces_in(from);
  start.limits = {number_in(from, "memory"), number_in(from, "millicpu"), number_in(from, "pids")};
  return start;
}

json json_of(const SupervisedProcess& process) {
  json made = {{"id", process.id}, {"run", process.run}, {"pid", process.pid}};
  made["started"] = milliseconds_of(process.started_at);
  if (!process.devices.empty()) made["devices"] = process.devices;
  if (!process.end) return made;
  made["end"] = {{"known", process.end->is_known},
                 {"code", process.end->exit_code},
                 {"signal", process.end->signal},
                 {"at", milliseconds_of(process.end->at)},
                 {"oom_kills", process.end->oom_kills}};
  if (process.end->cpu_seconds) made["end"]["cpu"] = *process.end->cpu_seconds;
  if (process.end->memory_peak) made["end"]["memory"] = *process.end->memory_peak;
  return made;
}

SupervisedProcess process_in(const json& from) {
  SupervisedProcess process{from.at("id").get<std::string>(), from.at("run").get<std::string>(),
                            from.at("pid").get<int>(), instant_of(from.at("started"))};
  process.devices = devices_in(from);
  if (from.contains("end")) {
    const json& end = from["end"];
    process.end = {end.at("known").get<bool>(), end.at("code").get<int>(), end.at("signal").get<int>(),
                   instant_of(end.at("at")), end.at("oom_kills").get<uint64_t>()};
    if (end.contains("cpu")) process.end->cpu_seconds = end["cpu"].get<double>();
    if (end.contains("memory")) process.end->memory_peak = end["memory"].get<uint64_t>();
  }
  return process;
}

}  // namespace

std::string line_of(const ProcessOrder& order) {
  json made = {{"kind", kOrderWords.at(static_cast<size_t>(order.kind))}, {"id", order.id}};
  if (order.kind == ProcessOrder::Kind::Stop) made["grace"] = order.grace.count();
  if (order.kind == ProcessOrder::Kind::Start) made["start"] = json_of(order.start);
  return made.dump();
}

std::string line_of(const ProcessNews& news) {
  json made = {{"kind", kNewsWords.at(static_cast<size_t>(news.kind))}, {"process", json_of(news.process)}};
  if (!news.message.empty()) made["message"] = news.message;
  return made.dump();
}

Result<ProcessOrder> parse_order(const std::string& line) try {
  const json from = json::parse(line);
  ProcessOrder order;
  order.kind = kind_in<ProcessOrder::Kind>(from, kOrderWords);
  order.id = from.at("id").get<std::string>();
  if (order.kind == ProcessOrder::Kind::Stop) order.grace = Duration(from.at("grace").get<int64_t>());
  if (order.kind == ProcessOrder::Kind::Start) order.start = start_in(from.at("start"), order.id);
  return order;
} catch (const std::exception& error) {
  return Error{ErrorCode::Invalid, std::string("not an order: ") + error.what()};
}

std::string line_of(const MachineBoot& boot) {
  return json{{"host", text_of(boot.host)}, {"boot", boot.id}}.dump();
}

Result<MachineBoot> parse_boot(const std::string& line) try {
  const json from = json::parse(line);
  return MachineBoot{bytes_of(from.at("host")), from.at("boot").get<std::string>()};
} catch (const std::exception& error) {
  return Error{ErrorCode::Invalid, std::string("not the boot of a machine: ") + error.what()};
}

Result<ProcessNews> parse_news(const std::string& line) try {
  const json from = json::parse(line);
  ProcessNews news;
  news.kind = kind_in<ProcessNews::Kind>(from, kNewsWords);
  news.process = process_in(from.at("process"));
  news.message = from.value("message", "");
  return news;
} catch (const std::exception& error) {
  return Error{ErrorCode::Invalid, std::string("no news: ") + error.what()};
}

}  // namespace studyctl
