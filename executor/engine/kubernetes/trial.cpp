#include "engine/kubernetes/trial.h"

#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "engine/json_read.h"

namespace studyctl {
namespace {

using nlohmann::json;

constexpr int kBadRequest = 400;
constexpr int kInvalid = 422;

// "1500m", "2Gi", in thousandths; nothing where it is no amount.
std::optional<double> amount_of(const std::string& text) {
  if (const auto thousandths = parse_millicpu(text)) return static_cast<double>(*thousandths);
  if (const auto whole = parse_bytes(text)) return static_cast<double>(*whole) * 1000;
  return std::nullopt;
}

// We ask for memory in bytes.
std::string amount_text(const std::string& what, const std::string& amount) {
  const auto bytes = parse_bytes(amount);
  return bytes && what.find("memory") != std::string::npos ? human_bytes(*bytes) : amount;
}

// "limits.cpu=2,pods=1" behind `word`, up to the next ", word: ".
std::map<std::string, std::string> amounts_behind(const std::string& said, const std::string& word) {
  std::map<std::string, std::string> amounts;
  const size_t begin = said.find(word + ": ");
  if (begin == std::string::npos) return amounts;
  const size_t first = begin + word.size() + 2;
  for (const std::string& one : split(said.substr(first, said.find(", ", first) - first), ',')) {
    const size_t equals = one.find('=');
    if (equals != std::string::npos) {
      amounts[std::string(trim(one.substr(0, equals)))] = trim(one.substr(equals + 1));
    }
  }
  return amounts;
}

// Of "exceeded quota: q, requested: …, used: …, limited: …": what would not fit if nothing else were there.
std::string never_met(const std::string& said) {
  constexpr std::string_view kExceeded = "exceeded quota: ";
  const size_t begin = said.find(kExceeded);
  if (begin == std::string::npos) return {};
  const size_t name = begin + kExceeded.size();
  const auto limited = amounts_behind(said, "limited");
  for (const auto& [what, wanted] : amounts_behind(said, "requested")) {
    const auto limit = limited.find(what);
    if (limit == limited.end()) continue;
    const auto asked = amount_of(wanted), most = amount_of(limit->second);
    if (!asked || !most || *asked <= *most) continue;
    return "quota " + said.substr(name, said.find(',', name) - name) + " can never be met: it has " + what +
           "=" + amount_text(what, limit->second) + " in all, and an attempt asks for " +
           amount_text(what, wanted);
  }
  return {};
}

bool is_nothing(const json& value) {
  return value.is_null() || (value.is_structured() && value.empty()) ||
         (value.is_string() && value.get_ref<const std::string&>().empty()) ||
         (value.is_boolean() && !value.get<bool>()) || (value.is_number() && value.get<double>() == 0);
}

// The element of `kept` that was sent at `index`: at its place, or by its name where somebody else has put
// something in; null where it is not there. A name may be there twice, as a mount's volume is.
const json* same_as(const json& sent, size_t index, const json& kept) {
  const std::string name = json_string(sent[index], "name");
  if (index < kept.size() && json_string(kept[index], "name") == name) return &kept[index];
  for (const json& one : kept)
    if (json_string(one, "name") == name) return &one;
  return nullptr;
}

std::string first_dropped(const json& sent, const json& kept, const std::string& path);

std::string first_dropped_of_list(const json& sent, const json& kept, const std::string& path) {
  for (size_t i = 0; i < sent.size(); ++i) {
    if (!sent[i].is_object()) continue;
    const std::string name = json_string(sent[i], "name");
    if (name.empty() && kept.size() != sent.size()) continue;
    const json* same = same_as(sent, i, kept);
    std::string place = path + "[" + (name.empty() ? std::to_string(i) : name) + "]";
    if (!same) return place;
    if (auto dropped = first_dropped(sent[i], *same, place); !dropped.empty()) return dropped;
  }
  return {};
}

// What is empty is not written by a cluster either.
std::string first_dropped(const json& sent, const json& kept, const std::string& path) {
  if (!kept.is_object()) return path;
  for (const auto& [key, value] : sent.items()) {
    if (is_nothing(value)) continue;
    std::string place = path + "." + key;
    const auto found = kept.find(key);
    if (found == kept.end()) return place;
    std::string dropped;
    if (value.is_object()) dropped = first_dropped(value, *found, place);
    if (value.is_array() && found->is_array()) dropped = first_dropped_of_list(value, *found, place);
    if (!dropped.empty()) return dropped;
  }
  return {};
}

const json& pod_of(const json& job) {
  return json_child(json_child(json_child(job, "spec"), "template"), "spec");
}

std::string pod_body(const std::string& job) {
  const json parsed = json::parse(job, nullptr, false);
  const json& of_template = json_child(json_child(parsed, "spec"), "template");
  json pod{{"apiVersion", "v1"},
           {"kind", "Pod"},
           {"metadata", json_child(of_template, "metadata")},
           {"spec", json_child(of_template, "spec")}};
  pod["metadata"]["name"] = json_string(json_child(parsed, "metadata"), "name");
  return pod.dump();
}

Error refused(const std::string& what, const std::string& why) {
  return {ErrorCode::Invalid, "the cluster takes no " + what + " of spec.template: " + why};
}

}  // namespace

std::string lasting_refusal(const HttpResponse& response, const std::string& namespace_name) {
  std::string said = cluster_failure(response);
  // An admission that cannot be tried says nothing of the real one.
  if (said.find("does not support dry run") != std::string::npos) return {};
  if (response.status == kBadRequest || response.status == kInvalid) return said;
  if (response.status != kStatusForbidden || !hold_of(response, namespace_name).empty()) return {};
  if (said.find("exceeded quota: ") != std::string::npos) return never_met(said);
  return said;
}

std::string dropped_field(const std::string& sent, const std::string& answered) {
  const json own = json::parse(sent, nullptr, false), kept = json::parse(answered, nullptr, false);
  const json& pod = pod_of(kept);
  if (!pod.is_object()) return {};  // no Job: whoever answers so is asked nothing
  return first_dropped(pod_of(own), pod, "spec.template.spec");
}

void try_job(ClusterApi& api, const std::string& job, std::function<void(Result<void>)> done) {
  HttpRequest request = api.create_job(job);
  request.path += "?dryRun=All";
  api.once(std::move(request), [&api, job, done = std::move(done)](const Result<HttpResponse>& answer) {
    const std::string& where = api.access().namespace_name;
    if (!answer) return done({});
    if (const std::string why = lasting_refusal(*answer, where); !why.empty())
      return done(refused("Job", why));
    if (answer->status / 100 != 2) return done({});
    if (const std::string field = dropped_field(job, answer->body); !field.empty())
      return done(Error{ErrorCode::Invalid,
                        field + ": this cluster is too old to know it, and drops it: leave it out"});
    HttpRequest pod = api.of_kind("POST", "/api/v1", "pods?dryRun=All", pod_body(job));
    api.once(std::move(pod), [where, done](const Result<HttpResponse>& tried) {
      const std::string why = tried ? lasting_refusal(*tried, where) : std::string();
      done(why.empty() ? Result<void>() : Result<void>(refused("pod", why)));
    });
  });
}

}  // namespace studyctl
