#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "manifest/manifest.h"

// Manifests with everything wrong with them, and what people are told. UPDATE_GOLDEN=1 writes what is told
// now.
namespace studyctl {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

TEST(BadManifests, TellWhatIsWrongAsTheirGoldensSay) {
  int checked = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(SOURCE_DIR) / "tests/golden/manifest")) {
    if (entry.path().extension() != ".yaml") continue;
    const auto manifest = read_manifest(content_of(entry.path()), entry.path().filename());
    ASSERT_FALSE(manifest) << entry.path() << " was read";
    EXPECT_EQ(manifest.error().code, ErrorCode::Invalid);
    const std::string told = manifest.error().message + "\n";
    const fs::path golden = fs::path(entry.path()).replace_extension(".txt");
    if (std::getenv("UPDATE_GOLDEN")) std::ofstream(golden) << told;
    EXPECT_EQ(told, content_of(golden)) << golden;
    ++checked;
  }
  EXPECT_GT(checked, 15);
}

}  // namespace
}  // namespace studyctl
