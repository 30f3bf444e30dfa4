#include "cli/listing.h"

#include <map>

#include "base/text.h"

namespace studyctl {
namespace {

void print(std::FILE* to, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

std::vector<std::string> joined(std::vector<std::string> head, const std::vector<std::string>& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

}  // namespace

void add_output(CLI::App& command, Output& output) {
  static const std::map<std::string, Output> kNames = {{"table", Output::Table}, {"wide", Output::Wide},
                                                       {"name", Output::Name},   {"path", Output::Path},
                                                       {"json", Output::Json},   {"yaml", Output::Yaml}};
  command
      .add_option_function<std::string>(
          "-o,--output",
          [&output](const std::string& name) {
            const auto found = kNames.find(name);
            if (found == kNames.end())
              throw CLI::ValidationError("--output",
                                         "'" + name + "': wants table, wide, name, path, json or yaml");
            output = found->second;
          },
          "table, wide, name, path, json or yaml")
      ->type_name("FORMAT");
}

Listing::Listing(std::FILE* to, Output output, Headings headings)
    : to_(to), output_(output), headings_(std::move(headings)) {
  if (output_ == Output::Json)
    print(to_, "{\"apiVersion\":\"studyctl.io/v1alpha1\",\"kind\":\"List\",\"items\":[");
  if (output_ == Output::Yaml) print(to_, "apiVersion: studyctl.io/v1alpha1\nkind: List\nitems:");
}

void Listing::add(const ListItem& item) {
  const bool first = size_++ == 0;
  switch (output_) {
    case Output::Table:
      if (!table_) table_ = std::make_unique<Table>(to_, headings_.normal);
      return table_->row(item.cells);
    case Output::Wide:
      if (!table_) table_ = std::make_unique<Table>(to_, joined(headings_.normal, headings_.wide));
      return table_->row(joined(item.cells, item.wide));
    case Output::Name: return print(to_, printable(item.name) + "\n");
    case Output::Path:
      if (!item.path.empty()) print(to_, item.path.string() + "\n");
      return;
    case Output::Json: return print(to_, (first ? "\n" : ",\n") + json_of(item.data, Keys::AsWritten));
    case Output::Yaml: return print(to_, (first ? "\n" : "") + yaml_of({Written::List{item.data}}));
  }
}

void Listing::finish(const std::string& nothing) {
  table_.reset();
  if (output_ == Output::Json) print(to_, size_ == 0 ? "]}\n" : "\n]}\n");
  if (output_ == Output::Yaml && size_ == 0) print(to_, " []\n");
  std::fflush(to_);
  const bool silent = output_ == Output::Json || output_ == Output::Yaml;
  if (size_ == 0 && !silent) std::fprintf(stderr, "%s\n", nothing.c_str());
}

void print_data(std::FILE* to, Output output, const Written& data) {
  print(to, output == Output::Yaml ? yaml_of(data) : indented_json_of(data));
}

}  // namespace studyctl
