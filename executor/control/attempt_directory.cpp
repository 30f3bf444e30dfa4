#include "control/attempt_directory.h"

#include "store/new_file.h"

namespace studyctl {
namespace {

Result<void> write_study_file(const std::filesystem::path& directory, const std::string& name,
                              std::string_view content) {
  const std::filesystem::path path = directory / name;
  std::error_code error;
  if (path.parent_path() != directory) std::filesystem::create_directories(path.parent_path(), error);
  if (error) return Error{ErrorCode::Unavailable, path.parent_path().string() + ": " + error.message()};
  return write_new_file(path, content);
}

Result<void> write_study_files(const RunDirectory& run, const DirectoryPlan& plan,
                               const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directory(directory, error);
  if (error) return Error{ErrorCode::Unavailable, directory.string() + ": " + error.message()};
  if (auto written = write_study_file(directory, "params.json", plan.params_json); !written) return written;
  for (const ResolvedFile& file : plan.files) {
    const auto content = file.from_file.empty() ? file.content : run.input(file.from_file);
    if (!content) return content.error();
    if (auto written = write_study_file(directory, file.path, *content); !written) return written;
  }
  return {};
}

}  // namespace

std::filesystem::path scratch_beside(const std::filesystem::path& partial) {
  std::filesystem::path path = partial;
  return path.replace_extension(".scratch");
}

AttemptPaths paths_in(const std::filesystem::path& partial, const std::filesystem::path& run) {
  return {partial, partial / "study", scratch_beside(partial), run / "volumes"};
}

Result<std::map<std::string, std::string>> make_attempt_directory(const RunDirectory& run,
                                                                  const DirectoryPlan& plan) {
  auto directory = run.begin_attempt(plan.place, plan.owner);
  if (!directory) return std::move(directory).error();
  if (plan.has_checkpoint)
    if (auto made = run.begin_checkpoint(plan.place, plan.owner); !made) return std::move(made).error();
  const AttemptPaths paths = paths_in(*directory, run.path());
  if (auto written = write_study_files(run, plan, paths.study); !written) return std::move(written).error();
  auto volumes = make_volumes(plan.volumes, paths);
  if (!volumes || plan.command_line.empty()) return volumes;
  if (auto written = write_new_file(*directory / "command.txt", plan.command_line + "\n"); !written)
    return std::move(written).error();
  return volumes;
}

}  // namespace studyctl
