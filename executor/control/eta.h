#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "model/ledger.h"
#include "model/study.h"
#include "plan/duration_model.h"
#include "plan/plan.h"

namespace studyctl {

// When a run will be over, learned from its own attempts. A transition costs the same however large the study
// is; a forecast is made when it is asked for and enough has changed, in some 20 ms.
class Eta {
 public:
  // Replayed ones too.
  void note(const Event& event);

  struct Scene {
    const Ledger& ledger;
    const Study& study;
    int places;  // how many run at once
    std::function<Point(const RepetitionKey&)> point;
    std::function<std::optional<double>(const RepetitionKey&)> progress;  // of an active one, as it tells
    Steady now;
  };
  // How long until the last attempt has ended. Nothing before the first one has.
  std::optional<Forecast> left(const Scene& scene);

 private:
  struct Made {
    Forecast forecast;
    Steady at;
    uint64_t ended;
  };
  bool is_over(const Made& made, Steady now) const;
  std::optional<Forecast> forecast(const Scene& scene) const;
  Duration gaps(const Scene& scene, double attempts) const;

  std::map<RepetitionKey, Steady> begun_;
  std::deque<std::pair<RepetitionKey, Duration>>
      lasted_;  // from making to end, of this generation's last ones
  uint64_t ended_ = 0, retried_ = 0;
  std::optional<Made> made_;
};

}  // namespace studyctl
