#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/export/ro_crate.h"
#include "store/attempt_record.h"
#include "store/run_manifest.h"
#include "study/results_rows.h"
#include "study/run_text.h"

namespace studyctl {
namespace {

using nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr const char* kCrate = "https://w3id.org/ro/crate/1.1";
constexpr const char* kWorkflowCrate = "https://w3id.org/workflowhub/workflow-ro-crate/1.0";
constexpr const char* kProcessRun = "https://w3id.org/ro/wfrun/process/0.5";
constexpr const char* kWorkflowRun = "https://w3id.org/ro/wfrun/workflow/0.5";
constexpr const char* kDockerImage = "https://w3id.org/ro/terms/workflow-run#DockerImage";
constexpr const char* kStudy = "study.json";

ordered_json link(const std::string& id) {
  return {{"@id", id}};
}

struct RunFile {
  const char* name;
  const char* format;
  const char* description;
  bool is_result;
};
constexpr RunFile kRunFiles[] = {
    {"results.csv", "text/csv", "A row per succeeded repetition", true},
    {"results.jsonl", "application/jsonl", "A row per succeeded repetition", true},
    {"summary.txt", "text/plain", "How the run ended", true},
    {"study_manifest.json", "application/json", "What the run is: manifest, flags, inputs, machine", false},
    {"status.json", "application/json", "The state of the run", false},
    {"progress.jsonl", "application/jsonl", "A line per change of state", false},
    {"controller.log", "text/plain", "What the controller logged", false},
};

// The entities of a crate, each once.
class Graph {
 public:
  // False when `id` is there already.
  bool add(const std::string& id, const ordered_json& entity) {
    if (!known_.insert(id).second) return false;
    ordered_json whole = {{"@id", id}};
    whole.update(entity);
    entities_.push_back(std::move(whole));
    return true;
  }
  ordered_json take() { return std::move(entities_); }

 private:
  std::set<std::string> known_;
  ordered_json entities_ = ordered_json::array();
};

class Crate {
 public:
  Crate(const ChosenRun& chosen, const CrateRequest& request) : chosen_(chosen), request_(request) {}

  Result<void> write() {
    auto manifest = read_run_manifest(chosen_.directory.path());
    if (!manifest) return std::move(manifest).error();
    manifest_ = *std::move(manifest);
    if (auto written = put(kStudy, manifest_.manifest + "\n"); !written) return written;
    add_run_files();
    add_inputs();
    if (auto added = add_attempts(); !added) return added;
    add_study();
    add_run();
    add_root();
    ordered_json crate;
    crate["@context"] = {"https://w3id.org/ro/crate/1.1/context",
                         "https://w3id.org/ro/terms/workflow-run/context"};
    crate["@graph"] = graph_.take();
    if (failed_) return std::move(*failed_);
    return put("ro-crate-metadata.json",
               crate.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
  }

 private:
  Result<void> put(const std::string& name, const std::string& text) const {
    return write_file_atomically(request_.directory / name, text);
  }

  // Below the crate as it lies below the run's directory. False where it is not there.
  bool copy(const fs::path& from, const std::string& name) {
    std::error_code error;
    if (!fs::exists(from, error)) return false;
    const fs::path to = request_.directory / name;
    fs::create_directories(to.parent_path(), error);
    // What a link of the workload's points to is not ours to publish.
    fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::skip_symlinks, error);
    if (error && !failed_)
      failed_ = Error{ErrorCode::Unavailable, to.string() + ": cannot be written: " + error.message()};
    return !error;
  }

  void add_run_files() {
    for (const RunFile& file : kRunFiles) {
      if (!copy(chosen_.directory.path() / file.name, file.name)) continue;
      ordered_json entity = {{"@type", "File"},
                             {"name", file.name},
                             {"description", file.description},
                             {"encodingFormat", file.format}};
      if (file.is_result) results_.push_back(link(file.name));
      if (!file.is_result) entity["about"] = link(run_id());
      add_part(file.name, entity);
    }
  }

  void add_inputs() {
    for (const auto& [written, hash] : manifest_.inputs) {
      const std::string name = "inputs/" + hash;
      if (!copy(chosen_.directory.path() / name, name)) continue;
      add_part(name, {{"@type", "File"}, {"name", to_utf8(written)}, {"alternateName", to_utf8(written)}});
      objects_.push_back(link(name));
    }
  }

  void add_part(const std::string& id, const ordered_json& entity) {
    if (graph_.add(id, entity)) parts_.push_back(link(id));
  }

  std::string run_id() const { return "#run-" + chosen_.run.record.id; }

  Result<void> add_attempts() {
    std::vector<RanAttempt> all;
    auto read = chosen_.catalog.ran_attempts(chosen_.run.record.id,
                                             [&](const RanAttempt& ran) { all.push_back(ran); });
    if (!read) return read;
    for (const RanAttempt& ran : all) {
      const auto path = chosen_.directory.locate({ran.experiment, ran.cycle, ran.attempt});
      if (!path) continue;  // its files are gone: there is nothing to publish
      const auto record = read_attempt(*path);
      if (record) add_attempt(*record, *path);
    }
    return {};
  }

  void add_attempt(const AttemptRecord& record, const fs::path& path) {
    const RepetitionKey& repetition = record.key.repetition;
    const std::string which = record.experiment + "-c" + std::to_string(repetition.cycle) + "-a" +
                              std::to_string(record.key.attempt);
    const bool succeeded = record.verdict == Verdict::Succeeded;
    ordered_json action = {{"@type", "CreateAction"},
                           {"name", record.experiment + ", cycle " + std::to_string(repetition.cycle) +
                                        ", attempt " + std::to_string(record.key.attempt)},
                           {"description", description_of(record, path)},
                           {"instrument", link(add_tool(record))},
                           {"actionStatus", link(succeeded ? "http://schema.org/CompletedActionStatus"
                                                           : "http://schema.org/FailedActionStatus")}};
    if (record.started_at) action["startTime"] = format_instant(*record.started_at);
    if (record.finished_at) action["endTime"] = format_instant(*record.finished_at);
    if (!succeeded) action["error"] = printable(std::string(name_of(record.reason)) + ": " + record.message);
    action["containerImage"] = link(add_image(record));
    action["object"] = ordered_json::array({link(kStudy)});
    for (const auto& [name, text] : parameter_texts(record.parameters))
      action["object"].push_back(link(add_parameter(name, text)));
    const std::string files = fs::relative(path, chosen_.directory.path()).string();
    action["result"] = ordered_json::array();
    if (copy(path, files)) {
      add_part(files + "/", {{"@type", "Dataset"}, {"name", "Logs and files of " + which}});
      action["result"].push_back(link(files + "/"));
    }
    for (const MetricValue& metric : record.metrics)
      action["result"].push_back(link(add_metric(which, metric)));
    const std::string id = "#attempt-" + which;
    graph_.add(id, action);
    actions_.push_back(link(id));
  }

  static std::string description_of(const AttemptRecord& record, const fs::path& path) {
    std::string text = record.engine + " on " + record.host;
    if (!record.devices.empty()) text += ", " + join(record.devices, ", ");
    for (const auto& [what, version] : record.versions) text += "; " + what + " " + version;
    if (const auto command = read_file(path / "command.txt")) text += "; " + std::string(trim(*command));
    return printable(text);
  }

  // The same image by another digest is another tool.
  std::string add_tool(const AttemptRecord& record) {
    std::string id = numbered("#tool-", record.image + "@" + record.image_digest);
    graph_.add(id, {{"@type", "SoftwareApplication"},
                    {"name", to_utf8(record.image)},
                    {"softwareVersion", record.image_digest.empty() ? "unknown" : record.image_digest}});
    return id;
  }
  std::string add_image(const AttemptRecord& record) {
    std::string id = numbered("#image-", record.image + "@" + record.image_digest);
    ordered_json image = {
        {"@type", "ContainerImage"}, {"additionalType", link(kDockerImage)}, {"name", to_utf8(record.image)}};
    if (record.image_digest.starts_with("sha256:")) image["sha256"] = record.image_digest.substr(7);
    graph_.add(id, image);
    return id;
  }

  std::string add_parameter(const std::string& name, const std::string& text) {
    const std::string of = numbered("#parameter-", name);
    if (graph_.add(of, {{"@type", "FormalParameter"}, {"additionalType", "Text"}, {"name", to_utf8(name)}}))
      inputs_.push_back(link(of));
    std::string id = numbered("#value-", name + "\n" + text);
    if (graph_.add(id, {{"@type", "PropertyValue"},
                        {"name", to_utf8(name)},
                        {"value", to_utf8(text)},
                        {"exampleOfWork", link(of)}}))
      objects_.push_back(link(id));
    return id;
  }

  std::string add_metric(const std::string& which, const MetricValue& metric) {
    const std::string of = numbered("#metric-", metric.name);
    if (graph_.add(
            of, {{"@type", "FormalParameter"}, {"additionalType", "Float"}, {"name", to_utf8(metric.name)}}))
      outputs_.push_back(link(of));
    std::string id = "#measured-" + which + "-" + of.substr(8);
    ordered_json value = {
        {"@type", "PropertyValue"},
        {"name", to_utf8(metric.name)},
        {"value", std::isfinite(metric.value) ? number_text(metric.value) : std::to_string(metric.value)},
        {"exampleOfWork", link(of)}};
    if (!metric.unit.empty()) value["unitText"] = to_utf8(metric.unit);
    graph_.add(id, value);
    return id;
  }

  // Names may hold anything, an @id may not.
  std::string numbered(const std::string& kind, const std::string& what) {
    auto& places = numbers_[kind];
    return kind + std::to_string(places.try_emplace(what, places.size() + 1).first->second);
  }

  void add_study() {
    add_part(kStudy, {{"@type", {"File", "SoftwareSourceCode", "ComputationalWorkflow"}},
                      {"name", manifest_.study},
                      {"description", "The study as applied, design hash " + manifest_.design_hash},
                      {"encodingFormat", "application/json"},
                      {"programmingLanguage", link("#studyctl-manifest")},
                      {"input", inputs_},
                      {"output", outputs_}});
    graph_.add("#studyctl-manifest", {{"@type", "ComputerLanguage"},
                                      {"name", "studyctl Study manifest"},
                                      {"version", "studyctl.io/v1alpha1"}});
    const auto version = manifest_.environment.find("studyctl");
    graph_.add("#studyctl",
               {{"@type", "SoftwareApplication"},
                {"name", "studyctl"},
                {"softwareVersion", version == manifest_.environment.end() ? "unknown" : version->second}});
  }

  void add_run() {
    const RunSummary& run = chosen_.run;
    const bool succeeded = run.state == RunState::Completed;
    ordered_json action = {
        {"@type", "CreateAction"},
        {"name", "Run " + run.record.directory},
        {"description", counts_text(run.counts) + " of " + counted(run.total, "repetition")},
        {"instrument", link(kStudy)},
        {"agent", link("#controller")},
        {"object", objects_},
        {"result", results_},
        {"actionStatus", link(succeeded ? "http://schema.org/CompletedActionStatus"
                                        : "http://schema.org/FailedActionStatus")}};
    if (run.started_at) action["startTime"] = format_instant(*run.started_at);
    if (run.finished_at) action["endTime"] = format_instant(*run.finished_at);
    if (!succeeded) action["error"] = printable(std::string(name_of(run.state)) + ": " + run.message);
    graph_.add(run_id(), action);
    actions_.insert(actions_.begin(), link(run_id()));
    std::string machine = "studyctl";
    if (const auto host = manifest_.environment.find("host"); host != manifest_.environment.end())
      machine += " on " + host->second;
    graph_.add("#controller", {{"@type", "Organization"}, {"name", machine}});
  }

  void add_root() {
    const Instant published = chosen_.run.finished_at.value_or(chosen_.run.updated_at);
    std::string license = request_.license;
    if (license.empty()) license = "#license";
    graph_.add(license, {{"@type", "CreativeWork"},
                         {"name", request_.license.empty() ? "Not stated: ask its authors" : license}});
    graph_.add("./", {{"@type", "Dataset"},
                      {"name", manifest_.study},
                      {"description", "A run of the study " + manifest_.study + " by studyctl"},
                      {"datePublished", format_instant(published)},
                      {"license", link(license)},
                      {"conformsTo", {link(kProcessRun), link(kWorkflowRun), link(kWorkflowCrate)}},
                      {"mainEntity", link(kStudy)},
                      {"hasPart", parts_},
                      {"mentions", actions_}});
    graph_.add("ro-crate-metadata.json", {{"@type", "CreativeWork"},
                                          {"about", link("./")},
                                          {"conformsTo", {link(kCrate), link(kWorkflowCrate)}}});
    const auto profile = [&](const char* id, const char* name, const char* version) {
      graph_.add(id, {{"@type", "CreativeWork"}, {"name", name}, {"version", version}});
    };
    profile(kProcessRun, "Process Run Crate", "0.5");
    profile(kWorkflowRun, "Workflow Run Crate", "0.5");
    profile(kWorkflowCrate, "Workflow RO-Crate", "1.0");
  }

  const ChosenRun& chosen_;
  const CrateRequest& request_;
  RunManifest manifest_;
  Graph graph_;
  ordered_json parts_ = ordered_json::array(), actions_ = parts_, results_ = parts_, objects_ = parts_,
               inputs_ = parts_, outputs_ = parts_;
  std::map<std::string, std::map<std::string, size_t>> numbers_;
  std::optional<Error> failed_;
};

}  // namespace

Result<void> write_ro_crate(const ChosenRun& chosen, const CrateRequest& request) {
  std::error_code error;
  fs::create_directories(request.directory, error);
  if (error) return Error{ErrorCode::Unavailable, request.directory.string() + ": " + error.message()};
  if (!fs::is_empty(request.directory, error))
    return Error{ErrorCode::Conflict, request.directory.string() + ": is not empty; name a new directory"};
  return Crate(chosen, request).write();
}

}  // namespace studyctl
