#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>

namespace studyctl {

// One thing in a tree: `parent` is open for the length of the visit.
struct TreeEntry {
  int parent;
  const char* name;
  const struct stat& status;
};

// Visits all that lies below `directory`, what a directory holds before the directory itself (which comes
// last, as "."). Links are visited, never followed. False when it has not seen everything: more than
// `most_entries`, deeper than 64, or no permission.
bool walk_tree(int directory, uint64_t most_entries, const std::function<void(const TreeEntry&)>& visit);

}  // namespace studyctl
