#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "manifest/written.h"

namespace studyctl {

// One thing of a list, in all the forms in which lists are printed.
struct ListItem {
  struct Cell {
    const char* heading;
    std::string text;
  };

  // A column of its row, or one that -o wide adds, and the same under `key` as data. `text` is what people
  // see where it is not the value itself.
  void column(const char* heading, const char* key, Written value, std::optional<std::string> text = {});
  void wide_column(const char* heading, const char* key, Written value, std::optional<std::string> text = {});
  // Of its data alone.
  void field(const char* key, Written value);

  std::string name;
  std::filesystem::path path;  // where it lies; empty: nowhere yet
  std::vector<Cell> cells, wide;
  Written data = {Written::Map()};
};

}  // namespace studyctl
