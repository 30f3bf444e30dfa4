#pragma once

#include <filesystem>
#include <functional>

#include "base/fd.h"
#include "base/result.h"
#include "io/line_splitter.h"
#include "store/progress_line.h"

namespace studyctl {

// progress.jsonl of a run while it grows: each line once, when it is whole.
class ProgressTail {
 public:
  enum class From { Beginning, End };
  static Result<ProgressTail> open(const std::filesystem::path& run_directory, From from);

  // Calls `visit` for what is new. What is no line of it is left out.
  void read(const std::function<void(const ProgressLine&)>& visit);

 private:
  explicit ProgressTail(Fd file) : file_(std::move(file)) {}

  Fd file_;
  LineSplitter lines_;
};

}  // namespace studyctl
