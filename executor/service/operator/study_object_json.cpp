#include <algorithm>

#include "base/hash.h"
#include "engine/kubernetes/object_json.h"
#include "manifest/literal.h"
#include "model/study_name.h"
#include "service/operator/study_object.h"
#include "study/run_text.h"

namespace studyctl {
namespace {

using nlohmann::json;

constexpr size_t kLongestMessage = 1024;

// Numbers as the cluster writes them, which is as a manifest must: 0.00001, not 1e-05.
void write_json(const json& value, std::string& to) {
  char between = 0;
  const auto separate = [&](char open) {
    to += between == 0 ? open : ',';
    between = ',';
  };
  if (value.is_object()) {
    for (const auto& [key, child] : value.items()) {
      separate('{');
      to += json(key).dump() + ":";
      write_json(child, to);
    }
    to += between == 0 ? "{}" : "}";
  } else if (value.is_array()) {
    for (const json& child : value) {
      separate('[');
      write_json(child, to);
    }
    to += between == 0 ? "[]" : "]";
  } else {
    to += value.is_number_float() ? canonical_number(value.get<double>()) : value.dump();
  }
}

// What kubectl notes for itself is no part of a manifest.
json own_metadata(const json& metadata) {
  json own{{"name", json_string(metadata, "name")}};
  if (const json& labels = json_child(metadata, "labels"); labels.is_object()) own["labels"] = labels;
  if (const json& annotations = json_child(metadata, "annotations"); annotations.is_object()) {
    for (const auto& [key, value] : annotations.items())
      if (key.find("kubernetes.io/") == std::string::npos) own["annotations"][key] = value;
  }
  return own;
}

std::string annotations_hash_of(const json& metadata) {
  std::string own;
  if (const json& annotations = json_child(metadata, "annotations"); annotations.is_object())
    for (const auto& [key, value] : annotations.items())
      if (key.starts_with("studyctl.io/")) own += key + value.dump() + "\n";
  return own.empty() ? own : sha256_hex(own).substr(0, 16);
}

// Fields that it does not know stay: the reader of manifests refuses them by name.
std::string manifest_of(const json& object) {
  json manifest = json::object();
  for (const auto& [key, value] : object.items())
    if (key != "status") manifest[key] = value;
  manifest["metadata"] = own_metadata(json_child(object, "metadata"));
  manifest["apiVersion"] = "studyctl.io/v1alpha1";  // items of a list come without
  manifest["kind"] = "Study";
  std::string text;
  write_json(manifest, text);
  return text;
}

uint64_t count_of(const json& object, const char* key) {
  return static_cast<uint64_t>(std::max<int64_t>(0, json_int(object, key)));
}

StudyObjectStatus parse_status(const json& object) {
  StudyObjectStatus status;
  status.observed_generation = json_int(object, "observedGeneration");
  status.observed_annotations = json_string(object, "observedAnnotations");
  status.run = json_string(object, "run");
  status.run_id = json_string(object, "runId");
  status.state = json_string(object, "state");
  status.message = json_string(object, "message");
  status.total = count_of(object, "total");
  status.succeeded = count_of(object, "succeeded");
  status.failed = count_of(object, "failed");
  status.ended = count_of(object, "ended");
  status.eta = json_string(object, "eta");
  status.started_at = json_string(object, "startedAt");
  status.finished_at = json_string(object, "finishedAt");
  for (const json& one : json_child(object, "conditions"))
    status.conditions.push_back({json_string(one, "type"), json_string(one, "status") == "True",
                                 json_string(one, "reason"), json_string(one, "message"),
                                 json_string(one, "lastTransitionTime")});
  return status;
}

StudyObject parse_study(const json& object) {
  StudyObject study;
  const json& metadata = json_child(object, "metadata");
  study.name = json_string(metadata, "name");
  study.uid = json_string(metadata, "uid");
  study.namespace_name = json_string(metadata, "namespace");
  study.resource_version = json_string(metadata, "resourceVersion");
  study.generation = json_int(metadata, "generation");
  study.is_leaving = !json_string(metadata, "deletionTimestamp").empty();
  for (const json& one : json_child(metadata, "finalizers"))
    if (one.is_string()) study.finalizers.push_back(one.get<std::string>());
  study.status = parse_status(json_child(object, "status"));
  study.annotations_hash = annotations_hash_of(metadata);
  const bool is_known = study.status.observed_generation == study.generation &&
                        study.status.observed_annotations == study.annotations_hash;
  if (!is_known) study.manifest = manifest_of(object);
  return study;
}

// A merge patch takes away what is null.
json text_or_null(const std::string& text) {
  return text.empty() ? json() : json(text);
}

std::string bounded(const std::string& text) {
  if (text.size() <= kLongestMessage) return to_utf8(text);
  return to_utf8(text.substr(0, kLongestMessage)) + " …";
}

std::map<std::string, std::string> parse_data(std::string_view text, const char* plain, const char* coded) {
  const json document = json::parse(text, nullptr, false);
  std::map<std::string, std::string> data;
  for (const auto& [key, value] : json_child(document, plain).items())
    if (value.is_string()) data[key] = value.get<std::string>();
  for (const auto& [key, value] : json_child(document, coded).items()) {
    const auto bytes = value.is_string() ? from_base64(value.get<std::string>()) : std::nullopt;
    if (bytes) data[key] = *bytes;
  }
  return data;
}

}  // namespace

bool StudyObject::is_held() const {
  return std::find(finalizers.begin(), finalizers.end(), kCancelFinalizer) != finalizers.end();
}

// What it says of its place stays where it says something else: that is refused by who reads it.
std::string manifest_in_namespace(const std::string& text, const std::string& namespace_name) {
  json manifest = json::parse(text, nullptr, false);
  json& name = manifest["metadata"]["name"];
  if (name.is_string()) name = name_in_namespace(namespace_name, name.get<std::string>());
  if (const auto spec = manifest.find("spec"); spec != manifest.end() && spec->is_object()) {
    json& execution = (*spec)["execution"];
    if (execution.is_null()) execution = json::object();
    if (execution.is_object() && execution["kubernetes"].is_null()) execution["kubernetes"] = json::object();
    if (execution.is_object() && execution["kubernetes"].is_object()) {
      json& place = execution["kubernetes"]["namespace"];
      if (place.is_null()) place = namespace_name;
    }
  }
  std::string placed;
  write_json(manifest, placed);
  return placed;
}

Result<ObjectList<StudyObject>> parse_study_list(std::string_view text) {
  return parse_object_list<StudyObject>(text, "studies", parse_study);
}

ObjectChange<StudyObject> parse_study_change(std::string_view line) {
  return parse_object_change<StudyObject>(line, parse_study);
}

std::string status_patch(const StudyObject& object, const StudyObjectStatus& status) {
  json conditions = json::array();
  for (const StudyCondition& one : status.conditions) {
    json condition{{"type", one.type},
                   {"status", one.is_true ? "True" : "False"},
                   {"reason", one.reason},
                   {"observedGeneration", status.observed_generation},
                   {"lastTransitionTime", one.since}};
    if (!one.message.empty()) condition["message"] = bounded(one.message);
    conditions.push_back(std::move(condition));
  }
  const json said{{"observedGeneration", status.observed_generation},
                  {"observedAnnotations", text_or_null(status.observed_annotations)},
                  {"run", text_or_null(status.run)},
                  {"runId", text_or_null(status.run_id)},
                  {"state", text_or_null(status.state)},
                  {"message", text_or_null(bounded(status.message))},
                  {"total", status.total},
                  {"succeeded", status.succeeded},
                  {"failed", status.failed},
                  {"ended", status.ended},
                  {"done", std::to_string(status.ended) + "/" + std::to_string(status.total)},
                  {"eta", text_or_null(status.eta)},
                  {"startedAt", text_or_null(status.started_at)},
                  {"finishedAt", text_or_null(status.finished_at)},
                  {"conditions", conditions}};
  return json{{"metadata", {{"uid", object.uid}}}, {"status", said}}.dump();
}

std::string finalizer_patch(const StudyObject& object, bool is_held) {
  std::vector<std::string> finalizers = object.finalizers;
  std::erase(finalizers, kCancelFinalizer);
  if (is_held) finalizers.emplace_back(kCancelFinalizer);
  return json{
      {"metadata",
       {{"uid", object.uid}, {"resourceVersion", object.resource_version}, {"finalizers", finalizers}}}}
      .dump();
}

std::string event_body(const StudyObject& object, const StudyEvent& event, Instant now) {
  const std::string at = instant_text(now);
  const std::string unique = random_uuid().substr(0, 18);
  const json body{{"apiVersion", "v1"},
                  {"kind", "Event"},
                  {"metadata", {{"name", object.name + "." + unique}, {"namespace", object.namespace_name}}},
                  {"involvedObject",
                   {{"apiVersion", "studyctl.io/v1alpha1"},
                    {"kind", "Study"},
                    {"name", object.name},
                    {"namespace", object.namespace_name},
                    {"uid", object.uid}}},
                  {"type", event.is_warning ? "Warning" : "Normal"},
                  {"reason", event.reason},
                  {"message", bounded(event.message)},
                  {"source", {{"component", "studyctl"}}},
                  {"firstTimestamp", at},
                  {"lastTimestamp", at},
                  {"count", 1}};
  return body.dump();
}

std::map<std::string, std::string> parse_config_map(std::string_view text) {
  return parse_data(text, "data", "binaryData");
}

std::map<std::string, std::string> parse_secret(std::string_view text) {
  return parse_data(text, "stringData", "data");
}

}  // namespace studyctl
