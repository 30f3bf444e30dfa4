#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace studyctl {

// What meters that several attempts share showed while one of them ran.
struct EnergySpan {
  Instant from, to;
  double joules = 0;
};

// What each one used: what was measured while several ran is shared among them, so that nothing counts twice.
// Within a span it is even over time.
std::vector<double> shared_energy(const std::vector<EnergySpan>& spans);

// "850 J", "12.3 kJ", "4.56 MJ"
std::string energy_text(double joules);

}  // namespace studyctl
