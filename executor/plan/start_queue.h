#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/ledger.h"
#include "model/study.h"
#include "plan/order.h"

namespace studyctl {

// What the machine has for attempts, all together.
struct Room {
  int64_t millicpu = 0;
  int64_t memory_bytes = 0;
  std::map<std::string, int> devices;
};

// What packing counts for one attempt: limits, or requests where there is no limit.
Room need_of(const Resources& resources);

// How many attempts that need `need` fit at once; at most `parallelism`.
int places(const Room& room, const Room& need, int parallelism);

// Why not even one fits, with the arithmetic: "cpu: an attempt needs 4, the machine has 2"; nothing
// when it does.
std::optional<std::string> does_not_fit(const Room& room, const Room& need);

struct NextStart {
  AttemptKey key;
};
// Nothing may start now. `until`: when time alone changes that. An empty `why`: nothing is left to start.
struct NothingStarts {
  std::string why;
  std::optional<Steady> until;
};

// The waiting repetitions of a run, in the order in which they start: retries whose backoff is over, then the
// run's order. It changes nothing but its own place in the order. The order and the ledger are those of one
// generation.
class StartQueue {
 public:
  StartQueue(RunOrder order, const Execution& execution, int places);

  // Attempts need different room: what starts next waits until there is enough for it. `need` is what the
  // study says; memory that a retry rule let grow counts beyond it. One that grew beyond `room` runs alone.
  using NeedOf = std::function<Room(const RepetitionKey&)>;
  void pack(Room room, NeedOf need) {
    room_ = std::move(room);
    need_ = std::move(need);
  }

  // The next attempt that may start, or why there is none: parallelism and room, backoff, the boundary
  // between cycles and cooldowns. It knows nothing of the run's state.
  std::variant<NextStart, NothingStarts> next(const Ledger& ledger, Steady now);

  // These start before all others; until the ledger says that the pilot has ended, nothing else does.
  void begin_with(std::vector<RepetitionKey> pilot) { pilot_ = std::move(pilot); }

  // A repetition that is planned from now on, or waits again without having been tried.
  void reconsider(const RepetitionKey& key);

  // The cooldown that begins when an attempt has ended and another is to follow; 0 for none.
  Duration cooldown_before_next(const Ledger& ledger);
  // True when a cycle is over and the next start opens another one: nothing runs, nothing waits for a retry.
  bool between_cycles(const Ledger& ledger);

 private:
  // True when the next repetition in order opens another cycle than the latest one started.
  bool at_cycle_boundary(const Ledger& ledger);
  // The first position in order that has never been tried, or nothing; of the pilot while that is on.
  std::optional<RepetitionKey> first_untried(const Ledger& ledger);

  bool is_pilot_on(const Ledger& ledger) const { return !pilot_.empty() && !ledger.pilot_has_ended(); }
  // What there is too little of for it to start now; nothing when it fits.
  std::optional<std::string> lacks_room(const Ledger& ledger, const RepetitionKey& key);
  Room need(const Ledger& ledger, const RepetitionKey& key) const;

  RunOrder order_;
  Order kind_;
  Cooldown cooldown_;
  size_t places_;
  Room room_;
  NeedOf need_;                          // null: places_ says it all
  std::map<RepetitionKey, Room> taken_;  // by those that are active
  std::vector<RepetitionKey> pilot_;
  uint64_t cursor_ = 0;  // everything before it in order has been tried
};

}  // namespace studyctl
