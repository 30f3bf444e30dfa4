#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "service/control_client.h"
#include "service/machine.h"
#include "service/record_change.h"
#include "service/reuse.h"
#include "service/run_driver.h"
#include "study/applied_manifest.h"

// Another manifest for a run that is there. A controller never changes its plan while it works: what changed
// is recorded, and another controller begins where this one was, as after a restart; containers run on.
namespace studyctl {
std::future<Gateway::Answer> RunDriver::ask_to_apply(const std::string& name, const std::string& who) {
  StagedApply request{name, who, {}};
  auto answer = request.answer.get_future();
  staged_.post(std::move(request));
  return answer;
}

Gateway::Answer RunDriver::apply_staged(const StagedApply& request) {
  auto manifest = take_staged(volume_, request.name);
  if (!manifest) return std::move(manifest).error();
  if (controller_->recovering() || controller_->disk_full())
    return Error{ErrorCode::Unavailable,
                 "the controller waits for its engine, or for room on the volume: try again"};
  if (controller_->finished() || is_final(controller_->ledger().run_state()))
    return Error{ErrorCode::Conflict, "the run has just ended: apply again"};
  auto study = load_applied(manifest->manifest, manifest->inputs, directory_->path());
  if (!study) return std::move(study).error();
  const uint64_t begun = controller_->begun();
  workers_.reset();
  controller_.reset();
  workspace_.reset();  // nothing is written any more
  const Result<void> changed = record_change(*journal_, *directory_, **study, *manifest, request.who);
  DriveOptions options = options_;
  options.flags = manifest->flags;
  if (options.at_most) *options.at_most -= std::min(*options.at_most, begun);
  RunSummary again;
  again.record = journal_->run();
  // Where it could not be recorded, this study goes on.
  next_.emplace(Assignment{changed ? *std::move(study) : std::move(study_), volume_, std::move(again),
                           /*is_relay=*/true},
                std::move(options));
  if (!changed) return changed.error();
  log::info("goes on by another manifest, as " + request.who + " asked");
  return std::string("configured");
}

Result<void> RunDriver::go_on_by_this_study() {
  const RunManifest manifest = manifest_as_applied(*study_, options_.flags);
  auto recorded = run_manifest_from_json(journal_->run().manifest);
  if (!recorded) return std::move(recorded).error();
  if (!differs(*recorded, manifest)) return {};
  if (auto kept = keep_inputs(*study_, *directory_); !kept) return kept;
  const std::string who = std::exchange(options_.who, "");
  return record_change(*journal_, *directory_, *study_, manifest, who.empty() ? who_am_i() : who);
}

Result<void> RunDriver::reuse_what_is_done() {
  std::lock_guard lock(live_.history());
  const auto recorded = run_manifest_from_json(journal_->run().manifest);
  if (!recorded) return recorded.error();
  auto report = reuse_done(
      *journal_, {*study_, volume_.root(), machine_facts(), inventory_.kind, images_,
                  reuses_nothing(*recorded) ? Reuse::Nothing : options_.reuse, options_.accept_image_change});
  if (!report) return std::move(report).error();
  note_ = reuse_text(*report);
  return {};
}

void RunDriver::know_earlier_designs() {
  experiments_->set_earlier(journal_->generation(),
                            [this](uint32_t generation) { return earlier_design(generation); });
}

const Experiments::Design* RunDriver::earlier_design(uint32_t generation) {
  auto [found, is_new] = earlier_.try_emplace(generation);
  Earlier& earlier = found->second;
  if (is_new) {
    const auto text = read_file(earlier_manifest(*directory_, generation));
    auto manifest = text ? run_manifest_from_json(*text) : Result<RunManifest>(text.error());
    auto study = manifest ? load_applied(manifest->manifest, manifest->inputs, directory_->path())
                          : Result<std::unique_ptr<LoadedStudy>>(manifest.error());
    if (!study) log::error("what ran before the plan changed cannot be told: " + study.error().message);
    if (study) earlier.study = *std::move(study);
    if (earlier.study) earlier.design.emplace(earlier.study->design());
  }
  return earlier.design ? &*earlier.design : nullptr;
}

}  // namespace studyctl
