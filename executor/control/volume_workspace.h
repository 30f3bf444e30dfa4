#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "control/attempt_directory.h"
#include "control/experiments.h"
#include "control/workspace.h"
#include "plan/resolve.h"
#include "store/attempt_record.h"
#include "store/harvest/activity.h"
#include "store/harvest/group_sync.h"
#include "store/harvest/worker.h"
#include "store/run_directory.h"

namespace studyctl {

// What the volume's attempts are told of the run they belong to.
struct RunFacts {
  std::string study;
  std::string run_id;     // a UUID
  std::string run_name;   // of its directory: what ${run.id} gives
  std::string volume_id;  // a UUID
  std::string engine;     // "Docker 20.10.24 (API 1.41)"
  std::string endpoint;
  std::string host;
  int64_t machine_millicpu = 0;
  int64_t machine_memory_bytes = 0;
  std::map<std::string, std::string> versions;
};

// The workspace on the results volume: experiments/…/attempt-N below a run's directory.
class VolumeWorkspace final : public Workspace {
 public:
  struct Parts {
    Experiments& experiments;
    const RunDirectory& directory;
    Workers& workers;
    // Makes its argument run on the control thread, in a later turn. Safe from any thread.
    std::function<void(std::function<void()>)> post;
    // The value of a secret or a key of a ConfigMap. NotFound names what is missing and where it may come
    // from.
    std::function<Result<std::string>(const SecretReference&)> secret;
    // All keys of a Secret or a ConfigMap, for volumes.
    std::function<Result<std::map<std::string, std::string>>(const ProjectedVolume&)> projected;
  };

  VolumeWorkspace(RunFacts facts, Parts parts)
      : facts_(std::move(facts)), parts_(std::move(parts)), sync_(parts_.workers) {}

  AttemptId id(const AttemptKey& key) override;
  Result<AttemptSpec> spec(const AttemptKey& key, const Placement& placement) override;
  AttemptSpec outline(const AttemptKey& key) override;
  void prepare(const AttemptKey& key, const AttemptSpec& spec,
               std::function<void(Result<void>)> done) override;
  void cool(std::vector<std::filesystem::path> layers, std::vector<std::filesystem::path> volumes,
            std::function<void(std::vector<std::string>)> done) override;
  void read(const AttemptKey& key, Question question, std::function<void(Findings)> done) override;
  void seal(AttemptRecord record, std::function<void(Result<void>)> done) override;
  Result<void> settle(const AttemptKey& key, Verdict verdict) override;
  void sync_settled(std::function<void(Result<void>)> done) override;
  void look(const AttemptKey& key, std::function<void(Sign)> done) override;

  // For command.txt; set once the engine is known.
  void set_command_line(std::function<std::string(const AttemptSpec&)> command_line) {
    command_line_ = std::move(command_line);
  }

 private:
  AttemptPlace place(const AttemptKey& key);
  Result<ResolvedPod> resolve_pod(const AttemptKey& key, int64_t memory_bytes);
  const Study& study(const RepetitionKey& key) const { return parts_.experiments.study(key); }
  Result<DirectoryPlan> plan_directory(const AttemptKey& key, const AttemptSpec& spec);
  Result<std::string> kept_input(const RepetitionKey& key, const std::string& path);
  bool has_checkpoint(const AttemptKey& key);
  void complete(AttemptRecord& record);
  // Tells `done` on the control thread.
  template <class What>
  std::function<void(What)> posted(std::function<void(What)> done) {
    return [this, done = std::move(done)](What what) {
      parts_.post([done, what = std::move(what)]() mutable { done(std::move(what)); });
    };
  }

  RunFacts facts_;
  Parts parts_;
  GroupSync sync_;
  std::vector<SyncItem> renamed_in_;  // since the last sync_settled()
  std::function<std::string(const AttemptSpec&)> command_line_;
  std::map<RepetitionKey, ActivityFingerprint> seen_;                 // at the last look
  std::map<AttemptKey, std::map<std::string, std::string>> volumes_;  // cold or warm when it was made
  // Makes directories one after the other, behind no sync. Last: it uses what is above.
  Workers maker_{1};
};

}  // namespace studyctl
