#include "cli/progress_tail.h"

#include <fcntl.h>
#include <unistd.h>

namespace studyctl {

Result<ProgressTail> ProgressTail::open(const std::filesystem::path& run_directory, From from) {
  const std::filesystem::path path = run_directory / "progress.jsonl";
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return errno_error(path.string());
  if (from == From::End) lseek(file.get(), 0, SEEK_END);
  return ProgressTail(std::move(file));
}

void ProgressTail::read(const std::function<void(const ProgressLine&)>& visit) {
  char buffer[1 << 16];
  for (ssize_t got = 0; (got = ::read(file_.get(), buffer, sizeof buffer)) > 0;)
    lines_.feed({buffer, static_cast<size_t>(got)}, [&](std::string_view text) {
      if (const auto line = progress_from_json(text)) visit(*line);
    });
}

}  // namespace studyctl
