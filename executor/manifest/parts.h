#pragma once

#include "manifest/fields.h"
#include "manifest/reading.h"
#include "model/study.h"

// The parts of a Study: each is read from a field of the map that it is given, with its problems reported,
// and written with every default.
namespace studyctl {

// spec.parameters.
std::optional<ParameterType::Type> parameter_type_named(std::string_view word);
const std::vector<std::string>& parameter_type_names();  // of all types but Any, in their order
void read_parameters(Fields& spec, std::vector<ParameterType>& types);
void write_parameters(FieldWriter& spec, const std::vector<ParameterType>& types);
// Gives each axis with a dotted name its scope, and reports what is wrong with the names and values of
// parameters: once the points are read, and all that uses them.
void find_scopes(Reading& reading, Study& study);
void check_parameters(Reading& reading, const Study& study);

// spec.sweep, spec.exclude and spec.experiments.
void read_points(Fields& spec, Study& study);
void write_points(FieldWriter& spec, const Study& study);

// spec.experimentsFrom; the file is read.
void read_experiments_from(Fields& spec, Study& study);
void write_experiments_from(FieldWriter& spec, const Study& study);

// spec.overrides: all of them, or what of them is design, or execution.
enum class OverridePart : uint8_t { All, Design, Execution };
void read_overrides(Fields& spec, Study& study);
Written written_overrides(const std::vector<Override>& overrides, OverridePart part);
// The parts of one.
void read_container_changes(Fields& fields, Override& to);
void write_container_changes(FieldWriter& out, const Override& from);
void read_execution_changes(Fields& fields, Override& to);
void write_execution_changes(FieldWriter& out, const Override& from);

// spec.template; the pod's grace becomes that of the execution.
void read_pod(Fields& spec, Study& study);
Written written_pod(const PodTemplate& pod);

void read_container(Fields& fields, Container& container);
Written written_container(const Container& container);

// Devices that are asked for 0 times are kept: in an override that takes them away. `cluster_fields`: where
// claims go, as kClaims; null where there are none.
inline constexpr std::string_view kClaims = "claims";
void read_resources(Fields& container, Resources& resources,
                    std::map<std::string, std::string>* cluster_fields = nullptr);
void write_resources(FieldWriter& container, const Resources& resources,
                     const std::map<std::string, std::string>* cluster_fields = nullptr);
// Binary where that is exact: 16Gi.
std::string memory_text(int64_t bytes);

void read_results(Fields& spec, ResultRules& results);
Written written_results(const ResultRules& results);

void read_execution(Fields& spec, Execution& execution);
Written written_execution(const Execution& execution);

// `labels` of metadata.
void read_labels(Fields& metadata, std::map<std::string, std::string>& labels);
// Fields of a pod's spec that only clusters know, as JSON; `annotations` of its metadata.
void read_cluster_fields(Fields& pod, std::map<std::string, std::string>& fields);
// The same of a container that runs beside main, and of its resources.
void read_sidecar_fields(Fields& container, std::map<std::string, std::string>& fields);
void read_claims(Fields& resources, std::map<std::string, std::string>& fields);
void write_cluster_fields(FieldWriter& pod, const std::map<std::string, std::string>& fields);
void read_annotations(Fields& metadata, std::map<std::string, std::string>& annotations);
void write_annotations(FieldWriter& metadata, const std::map<std::string, std::string>& annotations);
void write_labels(FieldWriter& metadata, const std::map<std::string, std::string>& labels);

inline constexpr std::string_view kApiVersion = "studyctl.io/v1alpha1";

// A document of kind Study. What it returns is to be dropped when there are problems.
Study read_study(Reading& reading, const Node& document);
Written written_study(const Study& study, const Retention& retention,
                      const std::vector<Notification>& notifications);

// spec.notifications.
void read_notifications(Fields& spec, std::vector<Notification>& rules);
Written written_notifications(const std::vector<Notification>& rules);
// The same, so that two manifests' rules are compared by their names.
Written notifications_by_name(const std::vector<Notification>& rules);

Written written_retention(const Retention& retention);
// The files of a Study, by path.
Written written_files(const std::vector<StudyFile>& files);

}  // namespace studyctl
