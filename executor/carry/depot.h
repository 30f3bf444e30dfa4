#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace studyctl {

// What an attempt sees of the results volume, where its machine does not: carried there before it begins, and
// back once it has ended.
struct CarriedPlace {
  std::filesystem::path path;  // a directory or a file of the volume
  bool comes_home = false;
  // Its own directory: begins empty there, and what comes home lies beside what is there already. Of another
  // one that comes home all is replaced.
  bool is_results = false;
};

struct CarryPlan {
  std::string run;                   // whose attempt it is: its UUID
  std::vector<CarriedPlace> places;  // known by their numbers
};

// Where one attempt's files wait on their way: a directory of the volume, so that a controller that dies
// between two steps is followed by one that knows what was done. Every call is safe to repeat, and from any
// process.
class Depot {
 public:
  // `depots`: the directory of all of them. Invalid: that is no attempt's name.
  static Result<Depot> of(const std::filesystem::path& depots, const std::string& attempt);

  // ---- for who runs the attempt ----
  Result<void> open(const CarryPlan& plan) const;
  // Main has ended: what it left may be sent.
  Result<void> say_ended() const;
  struct Arrival {
    bool is_whole = false;  // bring_home() may be called
    uint64_t so_far = 0;    // bytes
    // Changes when something is sent, also what there is no room for.
    std::filesystem::file_time_type heard{};
    std::optional<std::string> failure;  // why nothing will come
  };
  Arrival arrival() const;
  // Moves what has arrived to its places. Returns what of it was left out, for people.
  Result<std::vector<std::string>> bring_home() const;
  void close() const;

  // ---- for who serves the machine that it runs on; NotFound where there is no such depot ----
  Result<CarryPlan> plan() const;
  bool has_ended() const;
  struct Piece {
    std::string bytes;
    uint64_t size = 0;  // of all
  };
  Result<Piece> inputs(uint64_t offset, size_t most) const;
  // Conflict: so much has not come yet. Unavailable: no room.
  Result<void> take(uint64_t offset, std::string_view bytes) const;
  struct Whole {
    uint64_t size = 0;
    std::string sha256;
    std::vector<std::string> left_out{};
  };
  // All has been sent. Conflict: it is not what has arrived, which is thrown away. Invalid: it is refused.
  Result<void> take_whole(const Whole& whole) const;
  Result<void> take_failure(const std::string& why) const;

 private:
  explicit Depot(std::filesystem::path directory) : directory_(std::move(directory)) {}
  Result<Fd> lock() const;
  Result<Fd> open_inputs() const;
  void note_that_it_is_heard() const;
  Result<void> unpack_arrived(const CarryPlan& plan) const;
  Result<void> bring_place(const CarriedPlace& place, const std::string& name,
                           std::vector<std::string>& left_out) const;

  std::filesystem::path directory_;
};

// The attempts that have a depot, each with its run.
std::vector<std::pair<std::string, std::string>> list_depots(const std::filesystem::path& depots);

std::string carry_plan_json(const CarryPlan& plan);
Result<CarryPlan> carry_plan_from_json(const std::string& json);
std::string carry_whole_json(const Depot::Whole& whole);
Result<Depot::Whole> carry_whole_from_json(const std::string& json);

}  // namespace studyctl
