#include "service/reuse.h"

#include <set>
#include <vector>

#include "base/text.h"
#include "plan/comparison.h"
#include "store/catalog.h"
#include "store/harvest/extract.h"
#include "store/run_directory.h"
#include "store/run_manifest.h"
#include "study/applied_manifest.h"
#include "study/changes.h"

namespace studyctl {
namespace {

constexpr uint64_t kBatch = 20'000;

// Runs of the same study whose results would be the same here.
class FittingRuns {
 public:
  FittingRuns(const Catalog& catalog, const ReuseRequest& request) : catalog_(catalog), request_(request) {}

  enum class Fit : uint8_t { Fits, FitsByOtherMetrics, OtherSeed, OtherHost };
  Fit fit(const std::string& run_id) {
    auto [found, is_new] = known_.try_emplace(run_id, Fit::OtherHost);
    if (is_new) found->second = look(run_id);
    return found->second;
  }

 private:
  Fit look(const std::string& run_id) const {
    const auto manifest = recorded_manifest(catalog_, run_id);
    if (!manifest) return Fit::OtherHost;
    const auto run = catalog_.run(run_id);
    const std::filesystem::path directory = run ? request_.results / run->record.directory : "";
    Overrides overrides;
    overrides.read_input = kept_in(directory, manifest->inputs);
    const auto study = read_applied(manifest->manifest, "study_manifest.json", overrides);
    if (!study || study->study.execution.seed != request_.study.study().execution.seed) return Fit::OtherSeed;
    const Fit fits =
        same_metric_rules(study->study, request_.study.study()) ? Fit::Fits : Fit::FitsByOtherMetrics;
    if (request_.reuse == Reuse::Any) return fits;
    if (!run || run->record.engine != request_.engine) return Fit::OtherHost;
    for (const char* fact : {"cpu", "gpu"})
      if (value(manifest->environment, fact) != value(request_.environment, fact)) return Fit::OtherHost;
    return fits;
  }
  static std::string value(const std::map<std::string, std::string>& facts, const char* name) {
    const auto found = facts.find(name);
    return found == facts.end() ? "" : found->second;
  }

  const Catalog& catalog_;
  const ReuseRequest& request_;
  std::map<std::string, Fit> known_;
};

class Reuser {
 public:
  Reuser(SqliteJournal& journal, const Catalog& catalog, const ReuseRequest& request)
      : journal_(journal),
        catalog_(catalog),
        request_(request),
        identifier_(request.study.study(), request.study.inputs),
        index_({*request.study.plan, identifier_}),
        runs_(catalog, request),
        seq_(journal.last_seq()) {}

  Result<ReuseReport> run() {
    auto begun = catalog_.repetitions(journal_.run().id, {}, [&](const RepetitionSummary& repetition) {
      return taken_.insert({repetition.key.index, repetition.key.cycle}), true;
    });
    if (!begun) return std::move(begun).error();
    Result<void> done;
    auto read = catalog_.done(request_.study.study().name, [&](const Catalog::Done& found) {
      if (done) done = consider(found);
    });
    if (!read) return std::move(read).error();
    if (done && waiting_ > 0) done = journal_.commit();
    if (!done) return std::move(done).error();
    return report_;
  }

 private:
  Result<void> consider(const Catalog::Done& found) {
    const auto index = index_.find(found.identity);
    if (!index || found.cycle > request_.study.study().execution.cycles || found.run_id == journal_.run().id)
      return {};
    if (taken_.contains({*index, found.cycle})) return {};
    const FittingRuns::Fit fit = runs_.fit(found.run_id);
    if (fit == FittingRuns::Fit::OtherHost) ++report_.other_host;
    if (fit == FittingRuns::Fit::OtherHost || fit == FittingRuns::Fit::OtherSeed) return {};
    if (!request_.accept_image_change && !is_of_this_image(*index, found.as_cached.image_digest)) {
      ++report_.other_image;
      return {};
    }
    taken_.insert({*index, found.cycle});
    auto metrics =
        fit == FittingRuns::Fit::Fits ? catalog_.done_metrics(found.end_event) : read_again(*index, found);
    if (!metrics) return std::move(metrics).error();
    return record(*index, found, *std::move(metrics));
  }

  // By the rules of this study; what was read of files that are there no more stays.
  Result<std::vector<MetricValue>> read_again(uint64_t index, const Catalog::Done& found) const {
    const AttemptPlace place{identifier_.of(request_.study.plan->at(index)).id, found.cycle,
                             found.as_cached.key.attempt};
    const auto files = locate_in_run(request_.results, found.as_cached.run, place);
    if (!files) return catalog_.done_metrics(found.end_event);
    auto readings = extract_metrics(*files, request_.study.study().results.metrics);
    if (!readings) return std::move(readings).error();
    return std::move(readings->metrics);
  }

  bool is_of_this_image(uint64_t index, const std::string& digest) const {
    const auto now = request_.images.find(image_of(request_.study, index));
    return now == request_.images.end() || now->second == digest;
  }

  Result<void> record(uint64_t index, const Catalog::Done& found, std::vector<MetricValue> metrics) {
    const Instant now = SystemClock().now();
    if (journal_.generation() == 0 && report_.cached == 0)
      journal_.append(
          {++seq_,
           now,
           {},
           GenerationOpened{1, request_.study.plan->size(), request_.study.study().execution.cycles}});
    RepetitionCached cached = found.as_cached;
    cached.key.repetition = {std::max(journal_.generation(), uint32_t{1}), index, found.cycle};
    cached.metrics = std::move(metrics);
    journal_.append({++seq_, now, {}, std::move(cached)});
    ++report_.cached;
    if (++waiting_ < kBatch) return {};
    waiting_ = 0;
    return journal_.commit();
  }

  SqliteJournal& journal_;
  const Catalog& catalog_;
  const ReuseRequest& request_;
  Identifier identifier_;
  IdentityIndex index_;
  FittingRuns runs_;
  std::set<std::pair<uint64_t, uint32_t>> taken_;
  uint64_t seq_;
  uint64_t waiting_ = 0;
  ReuseReport report_;
};

}  // namespace

Result<ReuseReport> reuse_done(SqliteJournal& journal, const ReuseRequest& request) {
  if (request.reuse == Reuse::Nothing) return ReuseReport();
  const bool takes_more = request.reuse == Reuse::Any || request.accept_image_change;
  if (journal.reuse_is_done() && !takes_more) return ReuseReport();
  auto catalog = Catalog::open(journal.database());
  if (!catalog) return std::move(catalog).error();
  auto runs = catalog->runs(request.study.study().name);
  if (!runs) return std::move(runs).error();
  Result<ReuseReport> report = runs->size() < 2 ? ReuseReport() : Reuser(journal, *catalog, request).run();
  if (!report) return report;
  if (auto noted = journal.note_reuse_done(); !noted) return std::move(noted).error();
  return report;
}

std::string reuse_text(const ReuseReport& report) {
  std::vector<std::string> parts;
  if (report.cached > 0)
    parts.push_back(std::to_string(report.cached) + " are done already, in earlier runs");
  if (report.other_host > 0)
    parts.push_back(std::to_string(report.other_host) +
                    " were done on another machine and run again (--reuse any takes them)");
  if (report.other_image > 0)
    parts.push_back(
        std::to_string(report.other_image) +
        " were done by another image of the same name and run again (--accept-image-change takes them)");
  return join(parts, "; ");
}

}  // namespace studyctl
