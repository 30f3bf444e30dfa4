#include "model/energy.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

namespace studyctl {
namespace {

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

std::vector<double> shared_energy(const std::vector<EnergySpan>& spans) {
  struct Edge {
    Instant at;
    bool begins;
    size_t span;
  };
  std::vector<double> joules(spans.size(), 0);
  std::vector<Edge> edges;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (spans[i].to > spans[i].from) {
      edges.push_back({spans[i].from, true, i});
      edges.push_back({spans[i].to, false, i});
    } else {
      joules[i] = spans[i].joules;
    }
  }
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.at < b.at; });
  std::set<size_t> active;
  Instant since;
  for (const Edge& edge : edges) {
    for (const size_t one : active)
      joules[one] += spans[one].joules * seconds(edge.at - since) / seconds(spans[one].to - spans[one].from) /
                     static_cast<double>(active.size());
    since = edge.at;
    if (edge.begins)
      active.insert(edge.span);
    else
      active.erase(edge.span);
  }
  return joules;
}

std::string energy_text(double joules) {
  constexpr std::array<const char*, 5> kUnits = {"J", "kJ", "MJ", "GJ", "TJ"};
  size_t unit = 0;
  // From 999.5 on three digits are a thousand.
  for (; joules >= 999.5 && unit + 1 < kUnits.size(); ++unit) joules /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %s", joules, kUnits.at(unit));
  return text;
}

}  // namespace studyctl
