#include "store/summary.h"

#include <iomanip>
#include <sstream>

#include "base/fd.h"
#include "base/text.h"
#include "model/energy.h"

namespace studyctl {
namespace {

constexpr int kLabelWidth = 22;

void line(std::ostream& text, std::string_view label, const std::string& value) {
  text << std::left << std::setw(kLabelWidth) << label << value << '\n';
}

std::string seconds_text(double seconds) {
  return human_duration(Duration(static_cast<Duration::rep>(seconds * 1000)));
}

template <class Word, size_t N>
void counts(std::ostream& text, const std::array<uint64_t, N>& list) {
  for (size_t i = 0; i < N; ++i)
    if (list.at(i) > 0)
      line(text, "  " + std::string(name_of(static_cast<Word>(i))), std::to_string(list.at(i)));
}

}  // namespace

std::string summary_text(const Status& status, const Catalog::Usage& usage,
                         const std::vector<std::string>& warnings) {
  std::ostringstream text;
  line(text, "study", status.study);
  line(text, "run", status.run_id);
  line(text, "state",
       std::string(name_of(status.state)) +
           (status.state_reason.empty() ? "" : ": " + printable(status.state_reason)));
  if (status.started_at) line(text, "started", format_instant(*status.started_at));
  if (status.finished_at) line(text, "finished", format_instant(*status.finished_at));
  if (status.started_at && status.finished_at)
    line(text, "took", human_duration(*status.finished_at - *status.started_at));
  text << "\nrepetitions (" << status.total << ")\n";
  counts<RepetitionState>(text, status.counts);
  text << "\nattempts, by how they ended\n";
  counts<Reason>(text, status.reasons);
  text << "\nspent\n";
  line(text, "  wall time", seconds_text(usage.wall_seconds));
  if (usage.core_seconds > 0) line(text, "  core time", seconds_text(usage.core_seconds));
  if (usage.cpu_seconds) line(text, "  CPU used", seconds_text(*usage.cpu_seconds));
  if (usage.device_seconds > 0) line(text, "  device time", seconds_text(usage.device_seconds));
  if (usage.energy_joules) line(text, "  energy", energy_text(*usage.energy_joules));
  if (status.avg_duration_seconds)
    line(text, "  average of the last", seconds_text(*status.avg_duration_seconds));
  if (!warnings.empty()) text << "\nbeware\n";
  for (const std::string& warning : warnings) text << "  " << printable(warning) << '\n';
  if (!status.signatures.empty()) text << "\nwhat failures have in common\n";
  for (const Signatures::Share& share : status.signatures)
    text << "  " << printable(text_of(share, status.failed_attempts)) << '\n';
  if (!status.quarantined.empty()) text << "\ndevices in quarantine\n";
  for (const std::string& device : status.quarantined) text << "  " << printable(device) << '\n';
  if (!status.failures.empty()) text << "\nlast failures\n";
  for (const Status::Failure& failure : status.failures)
    text << "  " << failure.experiment << " cycle " << failure.cycle << ": " << name_of(failure.reason)
         << ": " << printable(failure.message) << '\n';
  return text.str();
}

Result<void> write_summary(const std::filesystem::path& run_directory, const std::string& text) {
  return write_file_atomically(run_directory / "summary.txt", text);
}

}  // namespace studyctl
