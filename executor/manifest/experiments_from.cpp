#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "base/csv.h"
#include "base/text.h"
#include "manifest/literal.h"
#include "manifest/parts.h"
#include "model/derive.h"

// spec.experimentsFrom: a CSV file, read into rows of typed values.
namespace studyctl {
namespace {

using Type = ParameterType::Type;
using Cells = std::vector<std::string>;

constexpr size_t kMostRows = 100'000'000;

Error not_a(std::string_view what, const std::string& cell) {
  return {ErrorCode::Invalid,
          "must be " + std::string(what) + ", is " + (cell.empty() ? "empty" : "'" + shortened(cell) + "'")};
}

Result<Value> integer_of(const std::string& cell) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error == std::errc::result_out_of_range)
    return Error{ErrorCode::Invalid, "does not fit into 64 bits, is " + shortened(cell)};
  if (error != std::errc() || end != cell.data() + cell.size()) return not_a("a whole number", cell);
  return Value{Value::Kind::Number, std::to_string(number)};
}

Result<Value> number_of(const std::string& cell) {
  double number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(number))
    return not_a("a number", cell);
  return Value{Value::Kind::Number, canonical_number(number)};
}

Result<Value> typed(const std::string& cell, Type type) {
  const std::string text(trim(cell));
  switch (type) {
    case Type::Integer: return integer_of(text);
    case Type::Number: return number_of(text);
    case Type::Boolean:
      if (const std::string word = lower(text); word == "true" || word == "false")
        return Value{Value::Kind::Boolean, word};
      return not_a("true or false", text);
    case Type::Any:
    case Type::String: break;
  }
  return Value{Value::Kind::String, cell};
}

// Reads the rows of one file, and keeps what it says of each parameter.
class CsvRows {
 public:
  CsvRows(Reading& reading, const CsvSource& source, const std::vector<ParameterType>& types)
      : reading_(reading), source_(source), types_(types), checks_(types) {}

  // Of the header: which column is which parameter.
  Result<void> header(const Cells& cells) {
    width_ = cells.size();
    std::vector<std::pair<std::string, std::string>> columns = source_.columns;
    if (columns.empty())
      for (const std::string& cell : cells) columns.emplace_back(trim(cell), trim(cell));
    for (const auto& [column, parameter] : columns) {
      const auto is_it = [&, &column = column](const std::string& cell) { return trim(cell) == column; };
      const auto found = std::find_if(cells.begin(), cells.end(), is_it);
      if (found == cells.end())
        return Error{ErrorCode::Invalid,
                     "has no column '" + shortened(column) + "'; there is: " + shortened(join(cells, ", "))};
      if (std::count_if(cells.begin(), cells.end(), is_it) > 1)
        return Error{ErrorCode::Invalid, "has two columns '" + shortened(column) + "'; rename one"};
      places_.push_back(static_cast<size_t>(found - cells.begin()));
      add_name(parameter);
    }
    for (const auto& [parameter, expression] : source_.derive) {
      auto parsed = Derivation::parse(expression);
      if (!parsed) return std::move(parsed).error().within("derive." + parameter);
      for (const std::string& name : parsed->names())
        if (std::find(names_.begin(), names_.end(), name) == names_.end())
          return Error{ErrorCode::Invalid,
                       "derive." + parameter + ": " + unknown_name("parameter '" + name + "'", name, names_)};
      derived_.push_back(*std::move(parsed));
      add_name(parameter);
    }
    table_ = ValueTable(names_.size());
    return {};
  }

  // A problem with a row is kept, so that people see all of them at once.
  void row(const Cells& cells, size_t line) {
    ++number_;
    std::vector<Value> values;
    const std::string wrong = read_row(cells, values);
    if (!wrong.empty()) {
      reading_.problems.add(place_, "spec.experimentsFrom.csv",
                            source_.path + ":" + std::to_string(line) + ": " + wrong);
      return;
    }
    std::string key;
    for (const Value& value : values)
      key +=
          std::to_string(static_cast<int>(value.kind)) + std::to_string(value.text.size()) + ":" + value.text;
    const auto [first, is_new] = lines_.emplace(std::move(key), line);
    if (is_new) {
      table_.add(values, number_);
    } else {
      reading_.problems.warn(place_, "spec.experimentsFrom.csv",
                             source_.path + ":" + std::to_string(line) + ": repeats line " +
                                 std::to_string(first->second) + " and is left out");
    }
  }

  void set_place(Place place) { place_ = place; }
  const std::vector<std::string>& names() const { return names_; }
  ValueTable take() { return std::move(table_); }

 private:
  void add_name(const std::string& parameter) {
    names_.push_back(parameter);
    const auto given = std::find_if(source_.types.begin(), source_.types.end(),
                                    [&](const auto& one) { return one.first == parameter; });
    const auto declared = std::find_if(types_.begin(), types_.end(),
                                       [&](const ParameterType& one) { return one.name == parameter; });
    const bool is_derived = places_.size() < names_.size();
    Type type = is_derived ? Type::Integer : Type::String;
    if (declared != types_.end() && declared->type != Type::Any) type = declared->type;
    if (given != source_.types.end()) type = given->second;
    kinds_.push_back(type);
  }

  // What is wrong with it; empty when nothing is.
  std::string read_row(const Cells& cells, std::vector<Value>& values) {
    if (cells.size() != width_)
      return "has " + std::to_string(cells.size()) + " cells, the header has " + std::to_string(width_);
    for (const size_t place : places_) {
      auto value = typed(cells[place], kinds_[values.size()]);
      if (!value) return names_[values.size()] + ": " + value.error().message;
      values.push_back(*std::move(value));
    }
    for (const Derivation& derivation : derived_) {
      if (std::string wrong = derive(derivation, values); !wrong.empty()) return wrong;
    }
    for (size_t i = 0; i < values.size(); ++i)
      if (std::string wrong = checks_.wrong(names_[i], values[i]); !wrong.empty())
        return names_[i] + ": " + wrong;
    return {};
  }

  std::string derive(const Derivation& derivation, std::vector<Value>& values) {
    const std::string& name = names_[values.size()];
    std::string no_number;
    const auto value = derivation.value([&](const std::string& used) {
      const auto place = static_cast<size_t>(std::find(names_.begin(), names_.end(), used) - names_.begin());
      const auto number = integer_of(values[place].text);
      if (!number) no_number = used;
      return number ? std::strtoll(values[place].text.c_str(), nullptr, 10) : 0;
    });
    if (!no_number.empty())
      return name + ": is derived from " + no_number + ", which is no whole number here";
    if (!value) return name + ": " + value.error().message;
    values.push_back({Value::Kind::Number, std::to_string(*value)});
    return {};
  }

  Reading& reading_;
  const CsvSource& source_;
  const std::vector<ParameterType>& types_;
  ParameterChecks checks_;
  Place place_;
  size_t width_ = 0;
  uint64_t number_ = 0;
  std::vector<std::string> names_;
  std::vector<Type> kinds_;
  std::vector<size_t> places_;  // of columns
  std::vector<Derivation> derived_;
  std::unordered_map<std::string, size_t> lines_;
  ValueTable table_;
};

// {CSV column: parameter}, or {parameter: what}.
void read_pairs(Fields& csv, std::string_view name, std::vector<std::pair<std::string, std::string>>& to) {
  const auto item = csv.find(name);
  for (const auto& [path, entry] : entries_of(csv.reading(), item, "must be a map of names"))
    if (auto text = read_text(csv.problems(), {entry.value, path}))
      to.emplace_back(entry.key, *std::move(text));
}

void read_types(Fields& csv, CsvSource& source) {
  std::vector<std::pair<std::string, std::string>> words;
  read_pairs(csv, "types", words);
  for (const auto& [parameter, word] : words) {
    const auto type = parameter_type_named(word);
    if (type) {
      source.types.emplace_back(parameter, *type);
    } else {
      csv.problem("types", parameter + ": " + unknown_name("", word, parameter_type_names()));
    }
  }
}

Result<ValueTable> read_rows(CsvRows& rows, const std::string& content) {
  bool has_header = false;
  CsvReader reader([&](const Cells& cells, size_t line) -> Result<void> {
    if (line > kMostRows) return Error{ErrorCode::Invalid, "has more than 100,000,000 rows"};
    if (has_header) {
      rows.row(cells, line);
      return {};
    }
    has_header = true;
    return rows.header(cells);
  });
  auto read = reader.put(content);
  if (read) read = reader.finish();
  if (!read) return std::move(read).error();
  if (!has_header) return Error{ErrorCode::Invalid, "is empty; its first row names the columns"};
  return rows.take();
}

void read_csv(Fields& csv, Study& study) {
  Reading& reading = csv.reading();
  CsvSource& source = study.experiments_from.emplace();
  const auto path = csv.require("path", "name the file, relative to the manifest");
  csv.text("path", source.path);
  read_pairs(csv, "columns", source.columns);
  read_pairs(csv, "derive", source.derive);
  read_types(csv, source);
  if (!path || source.path.empty()) return;
  auto content = reading.read_input(source.path);
  if (!content) return csv.problem("path", content.error().message);

  CsvRows rows(reading, source, study.parameters);
  rows.set_place(path->node->place);
  auto table = read_rows(rows, *content);
  if (!table) return csv.problem("path", source.path + ": " + table.error().message);
  std::vector<std::string> known = rows.names();
  for (const auto& [parameter, type] : source.types)
    if (std::find(known.begin(), known.end(), parameter) == known.end())
      csv.problem("types", unknown_name("parameter '" + parameter + "'", parameter, known));
  for (const std::string& name : known) {
    if (!check_parameter_name(reading, path->node->place, csv.path("columns"), name)) continue;
    if (!reading.swept.insert(name).second)
      csv.problem("columns", "'" + name + "' is a parameter already; name another for its column");
    add_parameter(reading, path->node->place, csv.path("columns"), name);
  }
  if (table->size() == 0) csv.problem("path", source.path + ": has no rows that can be used");
  source.rows = {std::move(known), *std::move(table)};
}

Written written_pairs(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Written::Map map;
  for (const auto& [key, text] : pairs) map.emplace_back(key, Written::text(text));
  return {std::move(map)};
}

}  // namespace

void read_experiments_from(Fields& spec, Study& study) {
  const auto item = spec.find("experimentsFrom");
  if (!item) return;
  Fields from(spec.reading(), *item);
  if (!from.is_map()) return;
  const auto csv = from.require("csv", "say where the rows are: csv: {path: molecules.csv}");
  if (!csv) return;
  Fields fields(spec.reading(), *csv);
  if (fields.is_map()) read_csv(fields, study);
}

void write_experiments_from(FieldWriter& spec, const Study& study) {
  if (!study.experiments_from) return;
  const CsvSource& source = *study.experiments_from;
  FieldWriter csv, from;
  csv.text("path", source.path);
  if (!source.columns.empty()) csv.put("columns", written_pairs(source.columns));
  std::vector<std::pair<std::string, std::string>> types;
  for (const auto& [parameter, type] : source.types)
    types.emplace_back(parameter, parameter_type_names()[static_cast<size_t>(type) - 1]);
  if (!types.empty()) csv.put("types", written_pairs(types));
  if (!source.derive.empty()) csv.put("derive", written_pairs(source.derive));
  from.put("csv", csv.take());
  spec.put("experimentsFrom", from.take());
}

}  // namespace studyctl
