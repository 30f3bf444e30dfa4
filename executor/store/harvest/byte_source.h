#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/harvest/attempt_directory.h"

namespace studyctl {

// What reading one attempt may take.
struct ReadLimits {
  uint64_t bytes = uint64_t{4} << 30;  // of a file each time that it is read, gzip counted as it inflates
  Duration time = std::chrono::minutes(2);  // of all together
};

// What is left of the limits. Everything that reads for one attempt shares one; one thread.
class ReadBudget {
 public:
  explicit ReadBudget(const ReadLimits& limits);

  // From here on the bytes are those of another file.
  void begin_file() { taken_ = 0; }
  // Unavailable, with words for people, once a limit is passed; once that of time is, ever after.
  Result<void> take(uint64_t bytes);

 private:
  SystemClock clock_;
  ReadLimits limits_;
  uint64_t taken_ = 0;
  Steady until_;
};

// The bytes of one file of an attempt, in order; of one whose name ends with .gz, what is in it (all members
// of it). The budget must outlive it, and counts for the file that was opened last.
class ByteSource {
 public:
  static Result<ByteSource> open(const AttemptDirectory& directory, const std::string& name,
                                 ReadBudget& budget);
  ByteSource(ByteSource&&) noexcept;
  ~ByteSource();

  // Up to `room` bytes; 0 at the end. Invalid: the gzip data are damaged or end too early.
  Result<size_t> read(char* to, size_t room);

  // Of the file as it lies there.
  uint64_t file_size() const { return size_; }

 private:
  struct Inflater;
  ByteSource(AttemptDirectory::File file, ReadBudget& budget);
  Result<size_t> read_file(char* to, size_t room);
  Result<size_t> inflate_some(char* to, size_t room);
  Result<size_t> refill();

  Fd fd_;
  uint64_t size_ = 0;
  ReadBudget* budget_;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace studyctl
