#include "store/harvest/metric_csv.h"

#include <optional>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kBlock = 64u << 10;
constexpr size_t kLongestCell = 64u << 10;
constexpr size_t kMostNamesShown = 20;

// Takes CSV byte by byte and keeps no more than a cell.
class CsvReader {
 public:
  CsvReader(const std::string& column, ValueFold& fold) : column_(column), fold_(fold) {}

  // False once the first row turned out to lack the column.
  bool put(std::string_view bytes) {
    for (const char c : bytes) {
      put(c);
      if (header_ended_ && !wanted_) return false;
    }
    return true;
  }

  Result<void> finish() {
    if (place_ == Place::Quoted) return Error{ErrorCode::Invalid, "ends within quotes"};
    if (column_index_ > 0 || !cell_.empty() || place_ == Place::QuoteEnded) end_row();
    if (wanted_) return {};
    if (names_.empty()) return Error{ErrorCode::Invalid, "is empty: there is no row of names"};
    return Error{ErrorCode::Invalid, "has no column '" + column_ + "', only " + join(names_, ", ")};
  }

 private:
  enum class Place { CellStart, Plain, Quoted, QuoteEnded };

  void put(char c) {
    if (place_ == Place::Quoted) {
      if (c == '"') {
        place_ = Place::QuoteEnded;
      } else {
        keep(c);
      }
      return;
    }
    if (c == '"' && place_ != Place::Plain) {
      if (place_ == Place::QuoteEnded) keep(c);
      place_ = Place::Quoted;
    } else if (c == ',') {
      end_cell();
    } else if (c == '\n' || c == '\r') {
      // Empty lines are not rows; nor is what stands between \r and \n.
      if (column_index_ > 0 || place_ != Place::CellStart) end_row();
    } else {
      place_ = Place::Plain;
      keep(c);
    }
  }

  void keep(char c) {
    if ((!header_ended_ || column_index_ == wanted_) && cell_.size() < kLongestCell) cell_ += c;
  }

  void end_cell() {
    if (!header_ended_) {
      const std::string_view bom = "\xEF\xBB\xBF";
      std::string_view name = cell_;
      if (column_index_ == 0 && name.starts_with(bom)) name.remove_prefix(bom.size());
      if (!wanted_ && trim(name) == column_) wanted_ = column_index_;
      if (names_.size() < kMostNamesShown) names_.push_back(printable(trim(name).substr(0, kMostNamesShown)));
    } else if (column_index_ == wanted_ && !trim(cell_).empty()) {
      fold_.add(cell_);
    }
    cell_.clear();
    ++column_index_;
    place_ = Place::CellStart;
  }

  void end_row() {
    end_cell();
    column_index_ = 0;
    header_ended_ = true;
  }

  const std::string& column_;
  ValueFold& fold_;
  Place place_ = Place::CellStart;
  std::string cell_;
  size_t column_index_ = 0;
  std::optional<size_t> wanted_;
  bool header_ended_ = false;
  std::vector<std::string> names_;
};

}  // namespace

Result<void> fold_csv(ByteSource& source, const std::string& column, ValueFold& fold) {
  std::vector<char> block(kBlock);
  CsvReader reader(column, fold);
  while (fold.wants_more()) {
    auto got = source.read(block.data(), block.size());
    if (!got) return std::move(got).error();
    if (*got == 0) return reader.finish();
    if (!reader.put({block.data(), *got})) return reader.finish();
  }
  return {};
}

}  // namespace studyctl
