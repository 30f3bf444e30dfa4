#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/engine_options.h"
#include "study/apply_request.h"

namespace studyctl {

// How the files of attempts come to a cluster whose nodes do not see the results, and back.
struct CarryFlags {
  std::string address;  // --carry-address: where pods reach this process; empty: nothing is carried
  std::string listen;   // --carry-listen; empty: the port of the address, on all of this machine's
  std::string image = "studyctl/controller:1";  // --carry-image
  std::vector<std::string> pull_secrets;        // --carry-pull-secret
};

// How a run is driven, by whoever begins it or goes on with it.
struct DriveOptions {
  std::string engine;             // --engine: docker, podman, kubernetes, or an address
  std::string lease_directory;    // --lease-dir
  std::string gpus;               // --gpus: instead of what the machine says
  KubernetesOptions kubernetes;   // where a study names none
  std::string results_claim;      // --results-claim: what that namespace calls the volume
  bool spans_namespaces = false;  // studies are in others too, and may be in that one not at all
  CarryFlags carry;
  std::optional<uint64_t> at_most;
  std::vector<std::string> secret_directories;
  std::string who, asked;  // by whom the run is begun or gone on with, and by what word; empty: not known
  std::vector<std::string> flags;  // that won over the manifest, as typed, for the record
  Reuse reuse = Reuse::SameHost;
  bool accept_image_change = false;
  bool no_pilot_pause = false;
};

}  // namespace studyctl
