#include "service/kubeconfig.h"

#include <cstdlib>

#include "base/linked_file.h"
#include "base/text.h"
#include "manifest/document.h"
#include "manifest/written.h"

namespace studyctl {
namespace {

std::vector<std::filesystem::path> kubeconfig_paths() {
  std::vector<std::filesystem::path> paths;
  if (const char* named = std::getenv("KUBECONFIG"); named != nullptr && *named != '\0') {
    for (const std::string& path : split(named, ':')) {
      if (!path.empty()) paths.emplace_back(path);
    }
  } else if (const char* home = std::getenv("HOME"); home != nullptr) {
    paths.push_back(std::filesystem::path(home) / ".kube" / "config");
  }
  return paths;
}

}  // namespace

Result<std::vector<KubeconfigFile>> read_kubeconfigs() {
  std::vector<KubeconfigFile> files;
  for (const std::filesystem::path& path : kubeconfig_paths()) {
    auto text = read_linked_file(path);
    if (!text && text.error().code == ErrorCode::NotFound) continue;
    if (!text) return std::move(text).error();
    Source source(path.string(), *text);
    Problems problems(source);
    const Documents documents = read_documents(*text, problems);
    if (problems.any()) return problems.error();
    if (documents.roots.empty()) continue;
    files.push_back({path, json_of(written_node(*documents.roots.front()), Keys::AsWritten)});
  }
  return files;
}

}  // namespace studyctl
