#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/appended_file.h"
#include "store/result_row.h"
#include "store/run_record.h"

namespace studyctl {

// results.csv: results.jsonl as a table (RFC 4180): experiment, cycle, attempt, the parameters, started_at,
// finished_at, duration_seconds, the metrics. A row with a parameter or a metric that has no column yet makes
// the file new, from results.jsonl.
class ResultsCsv {
 public:
  // Goes on where its checkpoint is; made anew from `rows` where there is none that fits.
  static Result<ResultsCsv> open(const std::filesystem::path& path, const AppendedFile& rows,
                                 const std::map<std::string, Checkpoint>& checkpoints);

  bool wants(uint64_t seq) const { return file_->wants(seq); }
  void add(uint64_t seq, const ResultRow& row);
  void pass(uint64_t seq) { file_->add(seq, ""); }
  // After `rows` was flushed. Safe to repeat after an error.
  Result<void> flush(const AppendedFile& rows);
  Result<void> sync() { return file_->sync(); }
  // Its name tells the columns too, so that it is never taken for that of a table with others.
  std::pair<std::string, Checkpoint> checkpoint() const;

 private:
  struct Columns {
    std::vector<std::string> parameters, metrics;
    // True when `row` brought new ones.
    bool widen(const ResultRow& row);
    std::string header() const;
    std::string line(const ResultRow& row) const;
    static std::optional<Columns> read(std::string_view header);
  };

  explicit ResultsCsv(std::filesystem::path path) : path_(std::move(path)) {}
  static std::string checkpoint_name(const std::string& header);
  Result<void> remake(const AppendedFile& rows);

  std::filesystem::path path_;
  Columns columns_;
  std::optional<AppendedFile> file_;
  bool outgrown_ = false;
};

// One field: quoted where it holds a comma, a quote or a line break.
std::string csv_field(std::string_view text);

}  // namespace studyctl
