#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "model/study.h"
#include "plan/plan.h"

namespace studyctl {

// What the attempts of a point run with: what the study says, changed by the overrides that match the point.
struct Variant {
  PodTemplate pod;
  Timeouts timeouts;
  int retry_limit = 0;
};

// Which overrides match, ascending. Points that the same ones match have the same variant.
std::vector<size_t> matching_overrides(const Study& study, const Point& point);

// The later override wins, field by field.
Variant variant_of(const Study& study, const std::vector<size_t>& overrides);
Variant variant_of(const Study& study, const Point& point);

// How many points each override matches. Looks at all points once.
std::vector<uint64_t> points_by_override(const Study& study, const Plan& plan);

// Calls `visit` with the first point of every variant, and of every set of parameters that points have.
void visit_shapes(const Study& study, const Plan& plan,
                  const std::function<void(const Point& point, const Variant& variant)>& visit);

}  // namespace studyctl
