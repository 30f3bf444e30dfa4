#include "engine/devices/quarantine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "base/fd.h"
#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kFaultsToQuarantine = 2;
constexpr size_t kLongestFile = size_t{1} << 20;

DeviceFaults parse(const std::string& text) {
  DeviceFaults faults;
  for (std::string& line : split(text, '\n')) {
    if (line.empty()) continue;
    if (faults.device.empty()) {
      faults.device = std::move(line);
    } else {
      faults.faults.push_back(std::move(line));
    }
  }
  return faults;
}

}  // namespace

bool DeviceFaults::is_quarantined() const {
  return faults.size() >= kFaultsToQuarantine;
}

std::string DeviceFaults::text() const {
  const std::string& last = faults.back();
  return std::to_string(faults.size()) + (faults.size() == 1 ? " fault, " : " faults, the last ") +
         last.substr(std::min(last.size(), last.find(' ') + 1));
}

std::filesystem::path Quarantine::file_of(const std::string& device) const {
  std::string name = device;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.') c = '_';
  return directory_ / ("device-" + name);
}

Result<void> Quarantine::note_fault(const std::string& device, const std::string& what, Instant at) {
  std::error_code ignored;
  if (std::filesystem::create_directories(directory_, ignored)) {
    chmod(directory_.parent_path().c_str(), 01777);
    chmod(directory_.c_str(), 01777);
  }
  const auto path = file_of(device);
  // In a sticky directory the kernel refuses O_CREAT on another's file.
  Fd file(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
  const bool is_new = !file && errno == ENOENT;
  if (is_new) file = Fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return errno_error(path.string());
  const std::string line =
      (is_new ? device + "\n" : "") + format_instant(at) + " " + printable(what.substr(0, 500)) + "\n";
  if (write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return errno_error(path.string());
  return {};
}

void Quarantine::note_success(const std::string& device) {
  const auto path = file_of(device);
  const auto text = read_file(path, kLongestFile);
  if (text && !parse(*text).is_quarantined()) unlink(path.c_str());
}

Result<void> Quarantine::release(const std::string& device) {
  const auto path = file_of(device);
  if (unlink(path.c_str()) == 0) return {};
  if (errno == ENOENT) return Error{ErrorCode::NotFound, device + ": no faults of it are known"};
  return errno_error(path.string());
}

std::vector<DeviceFaults> Quarantine::all() const {
  std::vector<DeviceFaults> found;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, failed)) {
    const auto text = read_file(entry.path(), kLongestFile);
    if (!text) continue;
    DeviceFaults faults = parse(*text);
    if (!faults.faults.empty()) found.push_back(std::move(faults));
  }
  std::sort(found.begin(), found.end(),
            [](const DeviceFaults& a, const DeviceFaults& b) { return a.device < b.device; });
  return found;
}

std::map<std::string, std::string> Quarantine::quarantined() const {
  std::map<std::string, std::string> found;
  for (const DeviceFaults& faults : all())
    if (faults.is_quarantined()) found[faults.device] = faults.text();
  return found;
}

}  // namespace studyctl
