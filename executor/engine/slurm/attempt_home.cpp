#include "engine/slurm/attempt_home.h"

#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/fd.h"
#include "base/text.h"
#include "engine/labels.h"
#include "engine/slurm/answers.h"
#include "engine/slurm/batch_script.h"
#include "engine/slurm/submission.h"

namespace studyctl {
namespace {

constexpr char kSpecFile[] = "spec-hash";
constexpr size_t kMostBytes = 1u << 20;

std::string spec_hash(const AttemptSpec& spec) {
  return label_of(spec.labels, "studyctl.io/spec-hash");
}

Result<void> expect_sources(const AttemptSpec& spec) {
  std::vector<const ContainerSpec*> containers = {&spec.main};
  for (const ContainerSpec& init : spec.init) containers.push_back(&init);
  for (const ContainerSpec* container : containers)
    for (const Mount& mount : container->mounts)
      if (std::error_code none;
          mount.kind == Mount::Kind::Bind && !std::filesystem::exists(mount.source, none))
        return Error{ErrorCode::NotFound, mount.target + ": " + mount.source + " does not exist"};
  return {};
}

}  // namespace

bool AttemptHome::exists() const {
  std::error_code none;
  return std::filesystem::is_directory(path_, none);
}

Result<void> AttemptHome::make(const AttemptSpec& spec, const SlurmOptions& options) const {
  if (const auto known = read_file(path_ / kSpecFile, kMostBytes)) {
    if (*known == spec_hash(spec)) return {};
    return Error{ErrorCode::Conflict, path_.string() + " belongs to an attempt with another spec-hash"};
  }
  if (auto there = expect_sources(spec); !there) return there;
  auto command = command_file(spec, options.commands);
  if (!command) return std::move(command).error();
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) return Error{ErrorCode::Unavailable, path_.string() + ": " + error.message()};
  if (auto written = replace_file(path_ / kOptionsFile, join(options_of(spec, options), "\n")); !written)
    return written;
  if (auto written = replace_file(path_ / kCommandFile, *command, 0600); !written) return written;
  return replace_file(path_ / kSpecFile, spec_hash(spec));
}

std::vector<std::string> AttemptHome::options() const {
  const auto text = read_file(path_ / kOptionsFile, kMostBytes);
  return text ? split(*text, '\n') : std::vector<std::string>();
}

Result<void> AttemptHome::note_place(const Place& place) const {
  return replace_file(path_ / kBatchFile,
                      "batch=" + place.batch + "\nindex=" + std::to_string(place.index) + "\n");
}

// File by file while they are few: a file system has what others write too.
std::vector<std::string> AttemptHome::sync_words(std::span<const std::filesystem::path> homes) {
  constexpr size_t kFew = 16;
  if (homes.size() > kFew) return {"sync", "--file-system", homes.front().string()};
  std::vector<std::string> words = {"sync"};
  for (const std::filesystem::path& home : homes)
    for (const char* file : {kCommandFile, kOptionsFile, kSpecFile, kBatchFile, "."})
      words.push_back((home / file).string());
  return words;
}

std::optional<AttemptHome::Place> AttemptHome::place() const {
  const auto found = notes(kBatchFile);
  if (!found) return std::nullopt;
  const auto batch = found->find("batch"), index = found->find("index");
  if (batch == found->end() || index == found->end()) return std::nullopt;
  return Place{batch->second, static_cast<uint32_t>(std::strtoul(index->second.c_str(), nullptr, 10))};
}

bool AttemptHome::is_untouched() const {
  std::error_code none;
  return std::filesystem::exists(path_ / kCommandFile, none);
}

bool AttemptHome::withdraw() const {
  const std::filesystem::path withdrawn = path_ / kWithdrawnFile;
  std::error_code error;
  std::filesystem::rename(path_ / kCommandFile, withdrawn, error);
  if (error) return std::filesystem::exists(withdrawn, error);
  static_cast<void>(write_file_atomically(withdrawn, ""));  // its secrets go
  return true;
}

std::optional<std::map<std::string, std::string>> AttemptHome::notes(const char* file) const {
  const auto text = read_file(path_ / file, kMostBytes);
  return text ? std::optional(parse_notes(*text)) : std::nullopt;
}

void AttemptHome::remove() const {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
  std::filesystem::remove(path_.parent_path(), ignored);  // when nothing else is in it
}

bool AttemptHome::is_on_network() const {
  // NFS, SMB, SMB2, Lustre, GPFS, Ceph, BeeGFS, FUSE
  static constexpr std::array<uint32_t, 8> kShared = {0x6969,     0xff534d42, 0xfe534d42, 0x0bd00bd0,
                                                      0x47504653, 0x00c36400, 0x19830326, 0x65735546};
  struct statfs status {};
  if (statfs(path_.c_str(), &status) != 0) return false;
  return std::find(kShared.begin(), kShared.end(), static_cast<uint32_t>(status.f_type)) != kShared.end();
}

}  // namespace studyctl
