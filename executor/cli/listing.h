#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "study/list_item.h"
#include "study/table.h"

namespace studyctl {

enum class Output : uint8_t { Table, Wide, Name, Path, Json, Yaml };

// -o, --output: one of `formats`.
template <class Format>
void add_format(CLI::App& command, Format& chosen, std::vector<std::pair<std::string, Format>> formats) {
  std::vector<std::string> names;
  for (const auto& [name, format] : formats) names.push_back(name);
  const auto choose = [&chosen, formats = std::move(formats), names](const std::string& wanted) {
    for (const auto& [name, format] : formats)
      if (name == wanted) return void(chosen = format);
    throw CLI::ValidationError("--output", "'" + wanted + "' is not known; there is: " + join(names, ", "));
  };
  command.add_option_function<std::string>("-o,--output", choose, join(names, ", "))->type_name("FORMAT");
}

// -o, --output: table (the default), wide, name, path, json or yaml.
void add_output(CLI::App& command, Output& output);

// Prints a list while it is made. JSON and YAML are one object, {"apiVersion", "kind": "List", "items": […]},
// as kubectl's are.
class Listing {
 public:
  Listing(std::FILE* to, Output output);

  void add(const ListItem& item);
  // Call once, at the end. Says on standard error that there was nothing, where nothing would be seen.
  void finish(const std::string& nothing);

 private:
  void add_row(const ListItem& item);

  std::FILE* to_;
  Output output_;
  std::unique_ptr<Table> table_;
  uint64_t size_ = 0;
};

// One thing by itself as JSON or YAML.
void print_data(std::FILE* to, Output output, const Written& data);

}  // namespace studyctl
