#include "store/harvest/metric_source.h"

#include <utility>

#include "base/text.h"
#include "store/harvest/line_blocks.h"
#include "store/harvest/metric_csv.h"
#include "store/harvest/metric_json.h"
#include "store/harvest/pattern.h"
#include "store/harvest/source_files.h"
#include "store/harvest/value_fold.h"

namespace studyctl {
namespace {

// The budget is looked at by block; a line of a million matches must not escape it.
constexpr uint64_t kMatchesPerLook = 256;

// What one source gave.
struct Reading {
  std::optional<double> value;
  std::string absent;   // nothing was there: another source may well have it
  std::string trouble;  // something was wrong with what was there
};

Result<bool> fold_matches(ByteSource source, const Pattern& pattern, ValueFold& fold, ReadBudget& budget) {
  LineBlocks blocks(std::move(source));
  const uint64_t seen_before = fold.seen();
  while (fold.wants_more()) {
    auto lines = blocks.next();
    if (!lines) return std::move(lines).error();
    if (lines->empty()) break;
    Result<void> within;
    pattern.each_match(*lines, [&](std::string_view text) {
      fold.add(text);
      if (fold.seen() % kMatchesPerLook == 0) within = budget.take(0);
      return within && fold.wants_more();
    });
    if (!within) return std::move(within).error();
  }
  return fold.seen() > seen_before;
}

// What a source reads a file with.
class Extractor {
 public:
  static Result<Extractor> make(const MetricSource& source) {
    Extractor extractor(source);
    if (source.regex.empty()) return extractor;
    auto pattern = Pattern::compile(source.regex);
    if (!pattern) return std::move(pattern).error();
    extractor.pattern_.emplace(std::move(*pattern));
    return extractor;
  }

  // False: what is looked for is not in there.
  Result<bool> fold(ByteSource bytes, ValueFold& into, ReadBudget& budget) const {
    if (pattern_) return fold_matches(std::move(bytes), *pattern_, into, budget);
    if (source_->column.empty()) return fold_json(bytes, source_->pointer, into);
    const uint64_t seen_before = into.seen();
    if (auto folded = fold_csv(bytes, source_->column, into); !folded) return std::move(folded).error();
    return into.seen() > seen_before;
  }

  std::string absence() const {
    if (pattern_) return "no line matches '" + source_->regex + "'";
    if (source_->column.empty()) return "nothing at '" + source_->pointer + "'";
    return "no value in column '" + source_->column + "'";
  }

 private:
  explicit Extractor(const MetricSource& source) : source_(&source) {}

  const MetricSource* source_;
  std::optional<Pattern> pattern_;
};

Reading read_source(const AttemptDirectory& directory, const MetricSource& source, Take take,
                    ReadBudget& budget) {
  const std::string where = name_of_source(source.from, source.file);
  const std::vector<std::string> files = files_of_source(directory, source.from, source.file);
  if (files.empty()) return {{}, where + ": no such file", {}};
  auto extractor = Extractor::make(source);
  if (!extractor) return {{}, {}, where + ": " + extractor.error().message};
  ValueFold fold(take);
  bool found = false;
  for (const std::string& file : files) {
    if (!fold.wants_more()) break;
    auto bytes = ByteSource::open(directory, file, budget);
    if (!bytes && bytes.error().code == ErrorCode::NotFound) return {{}, file + ": no such file", {}};
    if (!bytes) return {{}, {}, file + ": " + bytes.error().message};
    auto folded = extractor->fold(std::move(*bytes), fold, budget);
    if (!folded) return {{}, {}, file + ": " + folded.error().message};
    found = *folded || found;
  }
  if (!found && take != Take::Count) return {{}, where + ": " + extractor->absence(), {}};
  const std::string warning = fold.warning();
  return {fold.value(), {}, warning.empty() ? warning : where + ": " + warning};
}

void read_metric(const AttemptDirectory& directory, const Metric& metric, ReadBudget& budget,
                 MetricReadings& readings) {
  std::vector<std::string> absences, troubles;
  for (const MetricSource& source : metric.sources) {
    const Reading reading = read_source(directory, source, metric.take, budget);
    if (!reading.trouble.empty()) troubles.push_back(reading.trouble);
    if (!reading.absent.empty()) absences.push_back(reading.absent);
    if (!reading.value) continue;
    readings.metrics.push_back({metric.name, *reading.value, metric.unit});
    absences.clear();
    break;
  }
  troubles.insert(troubles.begin(), absences.begin(), absences.end());
  if (!troubles.empty()) readings.warnings.push_back("metric " + metric.name + ": " + join(troubles, "; "));
}

}  // namespace

MetricReadings read_metrics(const AttemptDirectory& directory, const std::vector<Metric>& metrics,
                            ReadBudget& budget) {
  MetricReadings readings;
  for (const Metric& metric : metrics) read_metric(directory, metric, budget, readings);
  return readings;
}

}  // namespace studyctl
