#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "manifest/manifest.h"

// Whatever the text, the reader answers within a second of processor time: with problems, or with a study
// that says the same after it was written and read again.

using namespace studyctl;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::chrono::nanoseconds processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void check_again(const Manifest& manifest, const std::string& text) {
  const auto again = read_applied(text, "again");
  require(static_cast<bool>(again));
  require(execution_json(*again) == execution_json(manifest));
  require(design_json(*again) == design_json(manifest));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto before = processor_time();
  const auto manifest = read_manifest(text, "fuzz.yaml");
  require(processor_time() - before < std::chrono::seconds(1));
  if (!manifest) {
    require(!manifest.error().message.empty());
    return 0;
  }
  check_again(*manifest, manifest->applied_json);
  check_again(*manifest, to_yaml(*manifest));
  return 0;
}
