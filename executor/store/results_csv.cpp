#include "store/results_csv.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "base/hash.h"
#include "base/text.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kFirst = {"experiment", "cycle", "attempt"};
constexpr std::array<std::string_view, 3> kMiddle = {"started_at", "finished_at", "duration_seconds"};
constexpr std::string_view kParameterPrefix = "parameters.";
constexpr std::string_view kMetricPrefix = "metrics.";

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_fixed(std::string_view name) {
  return std::find(kFirst.begin(), kFirst.end(), name) != kFirst.end() ||
         std::find(kMiddle.begin(), kMiddle.end(), name) != kMiddle.end();
}

// The fields of one line without its break; quotes taken off.
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

std::string line_of(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) line += (line.empty() ? "" : ",") + csv_field(field);
  return line + "\n";
}

// Calls `visit` with every row that `rows` holds.
template <class Visit>
Result<void> for_each_row(const AppendedFile& rows, const Visit& visit) {
  std::ifstream file(rows.path());
  std::string line;
  for (uint64_t read = 0; read < rows.checkpoint().length && std::getline(file, line);
       read += line.size() + 1) {
    Result<ResultRow> row = result_row_from_json(line);
    if (!row) return std::move(row).error().within(rows.path().string());
    visit(*row);
  }
  return {};
}

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) && !file.eof() ? line + "\n" : "";
}

}  // namespace

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

// ---- columns ----

bool ResultsCsv::Columns::widen(const ResultRow& row) {
  const size_t before = parameters.size() + metrics.size();
  for (const auto& [name, text] : parameter_texts(row.parameters))
    if (!contains(parameters, name)) parameters.push_back(name);
  for (const MetricValue& metric : row.metrics)
    if (!contains(metrics, metric.name)) metrics.push_back(metric.name);
  return parameters.size() + metrics.size() > before;
}

std::string ResultsCsv::Columns::header() const {
  std::vector<std::string> names(kFirst.begin(), kFirst.end());
  for (const std::string& name : parameters)
    names.push_back(is_fixed(name) ? std::string(kParameterPrefix) + name : name);
  names.insert(names.end(), kMiddle.begin(), kMiddle.end());
  for (const std::string& name : metrics)
    names.push_back(is_fixed(name) || contains(parameters, name) ? std::string(kMetricPrefix) + name : name);
  return line_of(names);
}

std::optional<ResultsCsv::Columns> ResultsCsv::Columns::read(std::string_view header) {
  if (!header.ends_with('\n')) return std::nullopt;
  const std::vector<std::string> names = fields_of(header.substr(0, header.size() - 1));
  const auto middle = std::search(names.begin(), names.end(), kMiddle.begin(), kMiddle.end());
  if (middle == names.end() || middle - names.begin() < 3) return std::nullopt;
  Columns columns;
  for (auto name = names.begin() + kFirst.size(); name != middle; ++name) {
    const bool prefixed =
        name->starts_with(kParameterPrefix) && is_fixed(name->substr(kParameterPrefix.size()));
    columns.parameters.push_back(prefixed ? name->substr(kParameterPrefix.size()) : *name);
  }
  for (auto name = middle + kMiddle.size(); name != names.end(); ++name) {
    const std::string rest = name->starts_with(kMetricPrefix) ? name->substr(kMetricPrefix.size()) : "";
    const bool prefixed = is_fixed(rest) || contains(columns.parameters, rest);
    columns.metrics.push_back(prefixed ? rest : *name);
  }
  return columns.header() == header ? std::optional(columns) : std::nullopt;
}

std::string ResultsCsv::Columns::line(const ResultRow& row) const {
  std::vector<std::string> fields = {row.experiment, std::to_string(row.cycle), std::to_string(row.attempt)};
  const auto texts = parameter_texts(row.parameters);
  for (const std::string& name : parameters) {
    const auto found =
        std::find_if(texts.begin(), texts.end(), [&](const auto& text) { return text.first == name; });
    fields.push_back(found == texts.end() ? "" : found->second);
  }
  fields.push_back(format_instant(row.started_at));
  fields.push_back(format_instant(row.finished_at));
  fields.push_back(number_text(static_cast<double>(row.duration.count()) / 1000));
  for (const std::string& name : metrics) {
    const auto found = std::find_if(row.metrics.begin(), row.metrics.end(),
                                    [&](const MetricValue& metric) { return metric.name == name; });
    fields.push_back(found == row.metrics.end() ? "" : number_text(found->value));
  }
  return line_of(fields);
}

// ---- the file ----

std::string ResultsCsv::checkpoint_name(const std::string& header) {
  return "results.csv:" + sha256_hex(header).substr(0, 16);
}

Result<ResultsCsv> ResultsCsv::open(const fs::path& path, const AppendedFile& rows,
                                    const std::map<std::string, Checkpoint>& checkpoints) {
  ResultsCsv csv(path);
  const std::string header = first_line(path);
  const std::optional<Columns> columns = Columns::read(header);
  const auto found = checkpoints.find(checkpoint_name(header));
  if (columns && found != checkpoints.end() && found->second.seq <= rows.checkpoint().seq) {
    Result<AppendedFile> file = AppendedFile::open(path, found->second);
    if (!file) return std::move(file).error();
    if (file->checkpoint().length >= header.size()) {
      csv.columns_ = *columns;
      csv.file_ = std::move(*file);
      return csv;
    }
  }
  Result<void> widened = for_each_row(rows, [&](const ResultRow& row) { csv.columns_.widen(row); });
  if (!widened) return std::move(widened).error();
  if (Result<void> made = csv.remake(rows); !made) return std::move(made).error();
  return csv;
}

void ResultsCsv::add(uint64_t seq, const ResultRow& row) {
  outgrown_ = columns_.widen(row) || outgrown_;
  file_->add(seq, outgrown_ ? "" : columns_.line(row));
}

Result<void> ResultsCsv::flush(const AppendedFile& rows) {
  return outgrown_ ? remake(rows) : file_->flush();
}

Result<void> ResultsCsv::remake(const AppendedFile& rows) {
  const fs::path beside = path_.string() + ".new";
  std::error_code failed;
  fs::remove(beside, failed);
  Result<AppendedFile> made = AppendedFile::open(beside, {});
  if (!made) return std::move(made).error();
  made->add(0, columns_.header());
  Result<void> done = for_each_row(rows, [&](const ResultRow& row) { made->add(0, columns_.line(row)); });
  if (done) done = made->flush();
  if (done) {
    fs::rename(beside, path_, failed);
    if (failed) done = Error{ErrorCode::Unavailable, path_.string() + ": " + failed.message()};
  }
  if (!done) {
    fs::remove(beside, failed);
    return done;
  }
  Result<AppendedFile> file = AppendedFile::open(path_, {rows.checkpoint().seq, made->checkpoint().length});
  if (!file) return std::move(file).error();
  file_ = std::move(*file);
  outgrown_ = false;
  return {};
}

std::pair<std::string, Checkpoint> ResultsCsv::checkpoint() const {
  return {checkpoint_name(columns_.header()), file_->checkpoint()};
}

}  // namespace studyctl
