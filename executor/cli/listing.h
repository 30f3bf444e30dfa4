#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/table.h"
#include "manifest/written.h"

namespace studyctl {

enum class Output : uint8_t { Table, Wide, Name, Path, Json, Yaml };

// -o, --output: table (the default), wide, name, path, json or yaml.
void add_output(CLI::App& command, Output& output);

// One thing of a list, in all the forms in which lists are printed.
struct ListItem {
  std::string name;
  std::filesystem::path path;      // where it lies; empty: nowhere yet
  std::vector<std::string> cells;  // of its row
  std::vector<std::string> wide;   // that -o wide adds
  Written data;
};

// Prints a list while it is made. JSON and YAML are one object, {"apiVersion", "kind": "List", "items": […]},
// as kubectl's are.
class Listing {
 public:
  struct Headings {
    std::vector<std::string> normal, wide;
  };
  Listing(std::FILE* to, Output output, Headings headings);

  void add(const ListItem& item);
  // Call once, at the end. Says on standard error that there was nothing, where nothing would be seen.
  void finish(const std::string& nothing);

  uint64_t size() const { return size_; }

 private:
  std::FILE* to_;
  Output output_;
  Headings headings_;
  std::unique_ptr<Table> table_;
  uint64_t size_ = 0;
};

// One thing by itself as JSON or YAML.
void print_data(std::FILE* to, Output output, const Written& data);

}  // namespace studyctl
