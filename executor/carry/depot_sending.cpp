#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>

#include "base/hash.h"
#include "base/text.h"
#include "carry/depot.h"
#include "carry/pack.h"
#include "carry/unpack.h"

// What is asked of a depot from afar.
namespace studyctl {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPiece = 1 << 20;
constexpr uint64_t kLeastFree = 32 << 20;  // that is left to the controller
constexpr size_t kLongestFailure = 1000;

Result<void> check_room(const fs::path& directory, uint64_t wanted) {
  struct statvfs found {};
  if (statvfs(directory.c_str(), &found) != 0) return errno_error(directory.string());
  if (found.f_bavail * found.f_frsize >= wanted + kLeastFree) return {};
  return Error{ErrorCode::Unavailable,
               "the results volume has no room for " + human_bytes(static_cast<int64_t>(wanted)) + " more"};
}

Result<void> pack_inputs(const CarryPlan& plan, const fs::path& to) {
  std::vector<PackedPlace> places;
  for (size_t i = 0; i < plan.places.size(); ++i) {
    const CarriedPlace& place = plan.places[i];
    places.push_back({std::to_string(i), place.path, place.is_results, std::nullopt});
    if (place.comes_home) places.back().mode = 0777;
  }
  Packer packer(std::move(places));
  Fd file(open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return errno_error(to.string());
  while (true) {
    auto piece = packer.next(kPiece);
    if (!piece) return std::move(piece).error();
    if (piece->empty()) return {};
    if (auto written = write_all(file.get(), *piece); !written) return written;
  }
}

Result<std::string> sha256_of(int file) {
  Sha256 hash;
  std::vector<char> buffer(kPiece);
  while (true) {
    const ssize_t got = read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("the archive");
    if (got == 0) return hash.hex();
    hash.update({buffer.data(), static_cast<size_t>(got)});
  }
}

}  // namespace

// Packed once, when it is asked for first.
Result<Fd> Depot::open_inputs() const {
  const fs::path packed = directory_ / "in.tar";
  Fd file(::open(packed.c_str(), O_RDONLY | O_CLOEXEC));
  if (file) return file;
  const auto plan = this->plan();
  if (!plan) return plan.error();
  const auto locked = lock();
  if (!locked) return locked.error();
  const fs::path made = directory_ / "in.tar.new";
  if (auto written = pack_inputs(*plan, made); !written) return std::move(written).error();
  if (rename(made.c_str(), packed.c_str()) != 0) return errno_error(packed.string());
  file = Fd(::open(packed.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return errno_error(packed.string());
  return file;
}

Result<Depot::Piece> Depot::inputs(uint64_t offset, size_t most) const {
  auto file = open_inputs();
  if (!file) return std::move(file).error();
  struct stat about {};
  if (fstat(file->get(), &about) != 0) return errno_error("in.tar");
  Piece piece{std::string(most, '\0'), static_cast<uint64_t>(about.st_size)};
  if (offset > piece.size) return Error{ErrorCode::Invalid, "offset: is behind the end"};
  const ssize_t got = pread(file->get(), piece.bytes.data(), most, static_cast<off_t>(offset));
  if (got < 0) return errno_error("in.tar");
  piece.bytes.resize(static_cast<size_t>(got));
  return piece;
}

// On a full disk too: it takes no room.
void Depot::note_that_it_is_heard() const {
  utimensat(AT_FDCWD, (directory_ / "plan").c_str(), nullptr, 0);
}

// What comes again, since its answer was lost, is written again; what lay behind it comes again too.
Result<void> Depot::take(uint64_t offset, std::string_view bytes) const {
  if (const auto known = plan(); !known) return known.error();
  const auto locked = lock();
  if (!locked) return locked.error();
  note_that_it_is_heard();
  if (auto room = check_room(directory_, bytes.size()); !room) return room;
  const fs::path path = directory_ / "out.tar";
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  struct stat about {};
  if (!file || fstat(file.get(), &about) != 0) return errno_error(path.string());
  if (static_cast<uint64_t>(about.st_size) < offset)
    return Error{ErrorCode::Conflict, "so much has not arrived: begin anew"};
  if (ftruncate(file.get(), static_cast<off_t>(offset)) != 0) return errno_error(path.string());
  if (lseek(file.get(), 0, SEEK_END) < 0) return errno_error(path.string());
  return write_all(file.get(), bytes);
}

Result<void> Depot::take_whole(const Whole& whole) const {
  const auto plan = this->plan();
  if (!plan) return plan.error();
  const auto locked = lock();
  if (!locked) return locked.error();
  note_that_it_is_heard();
  std::error_code ignored;
  if (fs::exists(directory_ / "home", ignored)) return {};
  const std::string said = whole.sha256 + "\n";
  if (const auto done = read_file(directory_ / "unpacked"); done && *done == said) return {};
  const fs::path archive = directory_ / "out.tar";
  Fd file(::open(archive.c_str(), O_RDONLY | O_CLOEXEC));
  const auto sha256 = file ? sha256_of(file.get()) : Result<std::string>(std::string());
  if (!sha256) return sha256.error();
  if (*sha256 != whole.sha256 || fs::file_size(archive, ignored) != whole.size) {
    fs::remove(archive, ignored);
    return Error{ErrorCode::Conflict, "what has arrived is something else: begin anew"};
  }
  file = Fd();
  if (auto room = check_room(directory_, whole.size); !room) return room;
  if (auto noted = replace_file(directory_ / "left-out", join(whole.left_out, "\n"), 0600); !noted)
    return noted;
  if (auto unpacked = unpack_arrived(*plan); !unpacked) return unpacked;
  if (auto noted = replace_file(directory_ / "unpacked", said, 0600); !noted) return noted;
  fs::remove(archive, ignored);
  return {};
}

// Whole, or not at all.
Result<void> Depot::unpack_arrived(const CarryPlan& plan) const {
  const fs::path fresh = directory_ / "out.new", whole = directory_ / "out", old = directory_ / "out.old";
  std::error_code error;
  fs::remove_all(fresh, error);
  fs::create_directory(fresh, error);
  Fd archive(::open((directory_ / "out.tar").c_str(), O_RDONLY | O_CLOEXEC));
  if (!archive) return errno_error("out.tar");
  auto unpacked = unpack(archive.get(), fresh, [&plan](const std::string& place) {
    for (size_t i = 0; i < plan.places.size(); ++i)
      if (place == std::to_string(i)) return plan.places[i].comes_home;
    return false;
  });
  for (size_t i = 0; unpacked && i < plan.places.size(); ++i) {
    const fs::path arrived = fresh / std::to_string(i);
    const bool is_directory = fs::is_directory(fs::symlink_status(arrived, error));
    const bool was_directory = fs::is_directory(fs::symlink_status(plan.places[i].path, error));
    if (fs::exists(fs::symlink_status(arrived, error)) && is_directory != was_directory)
      unpacked = Error{ErrorCode::Invalid, std::to_string(i) + ": is something else than what it was"};
  }
  if (!unpacked) {
    fs::remove_all(fresh, error);
    return unpacked;
  }
  // Nothing is lost of it when the machine goes down behind the attempt's end.
  Fd directory(::open(fresh.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || syncfs(directory.get()) != 0) return errno_error(fresh.string());
  fs::remove_all(old, error);
  if (fs::exists(whole, error)) fs::rename(whole, old, error);
  fs::rename(fresh, whole, error);
  if (error) return Error{ErrorCode::Unavailable, whole.string() + ": " + error.message()};
  fs::remove_all(old, error);
  return {};
}

Result<void> Depot::take_failure(const std::string& why) const {
  if (const auto known = plan(); !known) return known.error();
  return replace_file(directory_ / "failed", printable(why).substr(0, kLongestFailure), 0600);
}

}  // namespace studyctl
