#include "study/run_choice.h"

#include <set>
#include <thread>

#include "base/text.h"

namespace studyctl {
namespace {

Result<RunSummary> find_run(const Catalog& catalog, const std::string& name) {
  auto runs = catalog.runs();
  if (!runs) return std::move(runs).error();
  std::set<std::string> studies;
  for (const RunSummary& run : *runs) studies.insert(run.record.study);
  if (name.empty()) {
    if (studies.size() == 1) return runs->front();
    const std::vector<std::string> names(studies.begin(), studies.end());
    if (names.empty()) return Error{ErrorCode::NotFound, "there is no study yet: studyctl apply study.yaml"};
    return Error{ErrorCode::Invalid, "name one of the studies: " + join(names, ", ")};
  }
  if (studies.contains(name)) return catalog.latest(name);
  auto run = catalog.run(name);
  if (run || run.error().code != ErrorCode::NotFound) return run;
  const std::vector<std::string> names(studies.begin(), studies.end());
  return Error{ErrorCode::NotFound, "there is no study or run '" + name + "' here" +
                                        (names.empty() ? "" : "; there is: " + join(names, ", "))};
}

}  // namespace

Result<ChosenRun> choose_run(Result<ResultsVolume> volume, const std::string& name) {
  if (!volume) return std::move(volume).error();
  auto catalog = Catalog::of(*volume);
  if (!catalog) return std::move(catalog).error();
  auto run = find_run(*catalog, name);
  if (!run) return std::move(run).error();
  auto directory = RunDirectory::find(volume->root(), run->record.directory, run->record.id);
  if (!directory) return std::move(directory).error();
  return ChosenRun{*std::move(volume), *std::move(catalog), *std::move(run), *std::move(directory)};
}

Result<ChosenRun> choose_run_of(Result<ResultsVolume> volume, const std::string& study,
                                const std::string& run) {
  constexpr size_t kIdLength = 36;  // no directory has such a long name
  const bool is_id = run.size() == kIdLength;
  auto chosen = choose_run(std::move(volume), run == "latest" ? study : is_id ? run : study + "/" + run);
  if (chosen && chosen->run.record.study != study)
    return Error{ErrorCode::NotFound, "there is no study '" + printable(study) + "' here"};
  return chosen;
}

Result<std::filesystem::path> files_of(const ChosenRun& chosen, const AttemptPlace& place,
                                       const std::string& source) {
  if (source.empty()) return chosen.directory.locate(place);
  return locate_in_run(chosen.volume.root(), source, place);
}

bool is_on(const ChosenRun& chosen) {
  const std::optional<LockHolder> holder = chosen.volume.holder();
  return holder && holder->drives(chosen.run.record.id);
}

void await_release(const ChosenRun& chosen) {
  constexpr Duration kLook{50};
  for (int looks = 0; looks < 200 && is_on(chosen); ++looks) std::this_thread::sleep_for(kLook);
}

}  // namespace studyctl
