#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/kubernetes/object_watch.h"

// A Study that is an object of a cluster: manifests/crd.yaml.
namespace studyctl {

inline constexpr std::string_view kStudyGroup = "/apis/studyctl.io/v1alpha1";
inline constexpr std::string_view kCancelFinalizer = "studyctl.io/cancel";

struct StudyCondition {
  std::string type;
  bool is_true = false;
  std::string reason, message;
  std::string since{};  // RFC 3339
  bool operator==(const StudyCondition&) const = default;
};

// What is said of it: of one size, however large the study is.
struct StudyObjectStatus {
  int64_t observed_generation = 0;   // 0: nobody has looked at it yet
  std::string observed_annotations;  // StudyObject::annotations_hash of then
  std::string run, run_id;           // run: the name of its directory
  std::string state, message;
  uint64_t total = 0, succeeded = 0, failed = 0, ended = 0;
  std::string eta;
  std::string started_at, finished_at;
  std::vector<StudyCondition> conditions;
  bool operator==(const StudyObjectStatus&) const = default;
};

struct StudyObject {
  std::string name, uid, namespace_name, resource_version;
  int64_t generation = 0;
  bool is_leaving = false;              // somebody deleted it
  std::vector<std::string> finalizers;  // who has something to do before it is gone
  // Of its annotations of studyctl.io, an edit of which is no generation; empty where there are none.
  std::string annotations_hash;
  // As `studyctl apply` reads it; empty where the status is of this generation and of these annotations.
  std::string manifest;
  StudyObjectStatus status;

  bool is_held() const;  // by kCancelFinalizer
};

// The manifest of an object of another namespace than the operator's, as the results know it: by both names,
// and running there.
std::string manifest_in_namespace(const std::string& manifest, const std::string& namespace_name);

Result<ObjectList<StudyObject>> parse_study_list(std::string_view json);
ObjectChange<StudyObject> parse_study_change(std::string_view line);

// What is sent to say it, for this very object alone.
std::string status_patch(const StudyObject& object, const StudyObjectStatus& status);
std::string finalizer_patch(const StudyObject& object, bool is_held);

struct StudyEvent {
  bool is_warning = false;
  std::string reason, message;
};
std::string event_body(const StudyObject& object, const StudyEvent& event, Instant now);

// The data of a ConfigMap, and of a Secret, as the cluster writes it.
std::map<std::string, std::string> parse_config_map(std::string_view json);
std::map<std::string, std::string> parse_secret(std::string_view json);

}  // namespace studyctl
