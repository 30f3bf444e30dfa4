#include "base/linked_file.h"

#include "base/fd.h"

namespace studyctl {

// A mount that is renewed at that moment takes the real path away: then there is another one.
Result<std::string> read_linked_file(const std::filesystem::path& path, size_t limit) {
  constexpr int kTries = 3;
  for (int tries = 1;; ++tries) {
    std::error_code error;
    const auto real = std::filesystem::canonical(path, error);
    if (error)
      return Error{
          error == std::errc::no_such_file_or_directory ? ErrorCode::NotFound : ErrorCode::Unavailable,
          path.string() + ": " + error.message()};
    auto text = read_file(real, limit);
    if (text || text.error().code != ErrorCode::NotFound || tries == kTries) return text;
  }
}

}  // namespace studyctl
