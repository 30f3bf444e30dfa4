#include "control/eta.h"

#include <algorithm>

namespace studyctl {
namespace {

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// Progress is believed once it is past a twentieth: before that it says little.
double left_of(const Remaining::Running& running, double average) {
  const double elapsed = seconds(running.elapsed);
  if (running.fraction && *running.fraction > 0.05 && *running.fraction <= 1)
    return elapsed * (1 - *running.fraction) / *running.fraction;
  return std::max(average - elapsed, 0.0);
}

}  // namespace

Duration estimate_remaining(const Remaining& remaining) {
  const double average = seconds(remaining.average);
  const double attempts = static_cast<double>(remaining.waiting) * (1 + remaining.retries_per_attempt);
  double work = attempts * average;
  double longest = 0;
  for (const Remaining::Running& running : remaining.running) {
    const double left = left_of(running, average);
    work += left;
    longest = std::max(longest, left);
  }
  const double at_once = std::max(1.0, std::min(static_cast<double>(remaining.places),
                                                attempts + static_cast<double>(remaining.running.size())));
  const double gaps = attempts * seconds(remaining.cooldown) + seconds(remaining.pauses);
  const double total = std::max(work / at_once, longest) + gaps;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(total));
}

}  // namespace studyctl
