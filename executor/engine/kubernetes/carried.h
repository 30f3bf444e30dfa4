#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "carry/depot.h"
#include "engine/engine.h"

namespace studyctl {

// How the files of attempts come to pods that see nothing of the results, and back. Off where it has no
// address.
struct CarryOptions {
  std::string address;  // of the controller, as pods reach it: "http://studyctl.lab.svc:8090"
  std::string image = "studyctl/controller:1";
  std::vector<std::string> pull_secrets{};  // for that image
  std::filesystem::path depots{};
  std::string key{};             // of passes
  std::filesystem::path root{};  // of the results: what is mounted from below there is carried

  bool is_on() const { return !address.empty(); }
};

// One attempt's part of that.
struct CarriedPod {
  const CarryOptions& options;
  CarryPlan plan;

  // The number of the place that a mount shows; nothing where it shows something else.
  std::optional<size_t> place_of(const Mount& mount) const;
};

// Invalid: it writes where other attempts do too, which nobody can put together again.
Result<CarriedPod> carried_pod(const AttemptSpec& spec, const CarryOptions& options);

}  // namespace studyctl
