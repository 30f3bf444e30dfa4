#include "cli/listing.h"

#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kMostOfLastColumn = 80;  // -o wide shows all of it

void print(std::FILE* to, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

}  // namespace

void add_output(CLI::App& command, Output& output) {
  add_format(command, output,
             {{"table", Output::Table},
              {"wide", Output::Wide},
              {"name", Output::Name},
              {"path", Output::Path},
              {"json", Output::Json},
              {"yaml", Output::Yaml}});
}

Listing::Listing(std::FILE* to, Output output) : to_(to), output_(output) {
  if (output_ == Output::Json)
    print(to_, "{\"apiVersion\":\"studyctl.io/v1alpha1\",\"kind\":\"List\",\"items\":[");
  if (output_ == Output::Yaml) print(to_, "apiVersion: studyctl.io/v1alpha1\nkind: List\nitems:");
}

void Listing::add(const ListItem& item) {
  const bool first = size_++ == 0;
  switch (output_) {
    case Output::Table:
    case Output::Wide: return add_row(item);
    case Output::Name: return print(to_, printable(item.name) + "\n");
    case Output::Path:
      if (!item.path.empty()) print(to_, item.path.string() + "\n");
      return;
    case Output::Json: return print(to_, (first ? "\n" : ",\n") + json_of(item.data, Keys::AsWritten));
    case Output::Yaml: return print(to_, (first ? "\n" : "") + yaml_of({Written::List{item.data}}));
  }
}

void Listing::add_row(const ListItem& item) {
  std::vector<ListItem::Cell> cells = item.cells;
  if (output_ == Output::Wide) {
    cells.insert(cells.end(), item.wide.begin(), item.wide.end());
  } else if (!cells.empty()) {
    cells.back().text = cut_to(printable(cells.back().text), kMostOfLastColumn);
  }
  Row headings, texts;
  for (ListItem::Cell& cell : cells) {
    headings.emplace_back(cell.heading);
    texts.push_back(std::move(cell.text));
  }
  if (!table_) table_ = std::make_unique<Table>(to_, headings);
  table_->row(std::move(texts));
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
