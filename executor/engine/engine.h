#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "model/conditions.h"
#include "model/states.h"
#include "model/study.h"

namespace studyctl {

// A directory or named volume of the host, seen in a container.
struct Mount {
  enum class Kind : uint8_t { Bind, Volume, Memory };
  Kind kind = Kind::Bind;
  std::string source;  // an absolute path of the host, or a named volume; empty for Memory
  std::string target;
  bool read_only = false;
  std::optional<int64_t> size_limit;  // Memory only
};

// A container as an engine makes it: everything is substituted, every secret is in place (so it is never
// logged or stored).
struct ContainerSpec {
  std::string name;  // in the manifest; for messages
  std::string image;
  PullPolicy pull_policy = PullPolicy::IfNotPresent;
  std::vector<std::string> command;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::set<std::string> secret_variables;  // of the environment: their values are shown nowhere
  std::string working_directory;
  Resources resources;
  SecurityContext security;
  std::vector<Mount> mounts;
  Sidecar sidecar = Sidecar::No;                        // Kubernetes alone has them
  std::map<std::string, std::string> cluster_fields{};  // as in Container
};

// What a device must be like to be leased, beside free.
struct DeviceRules {
  bool idle = false;                        // no stranger uses it, and its memory was released
  std::optional<double> cooler_than{};      // °C …
  Duration patience{0};                     // … or this long has been waited for it to cool
  std::map<std::string, Steady> resting{};  // not these, until then: their cooldown
};

// One attempt, whole: its init containers, one after another, then its main container. The container of
// `main` is named `id`; an init container is named `id`-i0, `id`-i1, ….
struct AttemptSpec {
  AttemptId id;
  std::map<std::string, std::string>
      labels;  // studyctl.io/…, complete but for `devices`, which the engine adds
  std::vector<ContainerSpec> init;
  ContainerSpec main;
  std::vector<DeviceRequest> devices;  // leased to this attempt alone, for main
  DeviceRules device_rules;
  std::vector<int> cpus;    // pinned to these when not empty
  bool cold_start = false;  // Created tells where its inputs lie
  bool host_network = false;
  bool share_process_namespace = false;
  std::vector<std::string> image_pull_secrets{};  // Secrets of the cluster, where there is one
  std::map<std::string, std::string> cluster_fields{}, annotations{};  // of its pod there, as in PodTemplate
  std::filesystem::path
      directory;  // the logs of main go to stdout.log, stderr.log and log.idx in here, of init to init-0.log…
  std::filesystem::path scratch;  // for files of the engine's own; removed when the attempt is settled
  // How long main may run, which the controller sees to: for engines that can, when no controller is there.
  std::optional<Duration> run_timeout{};
  Duration grace{0};  // between SIGTERM and SIGKILL then
};

// What an engine sees of one attempt, whole, every time: seeing it twice or missing one in between does no
// harm.
struct Observation {
  enum class Phase : uint8_t {
    Preparing,  // pulls the image, waits for devices, or runs init containers: `message` says which, for
                // people
    Created,    // ready for start()
    Refused,  // create() or start() failed for good, and main never ran; `reason` is ImagePull, CreateError,
              // GpuLost, Cancelled (by stop()), or of an init container Error or Interrupted
    Running,
    Exited,   // main has ended and its logs are complete on disk
    Missing,  // it is not there; `reason` is Lost (the engine no longer knows it), or Interrupted (whether
              // its start came to pass is unknown, and it has been removed)
    Gone,     // nothing is left of it, or `message` says what could not be removed: the answer to forget()
  };

  AttemptId attempt;
  Phase phase = Phase::Missing;
  Reason reason = Reason::Completed;  // Refused: why. Exited: OOMKilled, GpuLost, Interrupted when the engine
                                      // or the kernel proves it
  std::string message;                // one sentence for people
  bool is_queued = false;             // Preparing: what comes before main has not begun, others go first
  int exit_code = 0;                  // Exited
  int signal = 0;                     // Exited: what ended it, 0 when it exited by itself or nobody knows
  std::string container;              // the engine's id
  std::string image_digest;
  std::vector<std::string> warnings;  // Exited: what people must know of an end that is no failure
  std::vector<std::string> devices;   // what is leased, as people name it
  std::optional<Instant> started_at, finished_at;  // the engine's clock; the end may lie a little before
  // Created, of one that starts cold: where the layers of its image, and its volumes, lie on this machine.
  std::vector<std::filesystem::path> layers, volumes;
  Conditions conditions;  // Exited: of the machine meanwhile; no samples where nobody could look
};

using ObservationSink = std::function<void(Observation)>;

// What the machine behind an engine has to give.
struct Inventory {
  int64_t millicpu = 0;
  int64_t memory_bytes = 0;
  std::map<std::string, int> devices;  // how many whole devices of each kind there are
  std::string engine;                  // "Docker 20.10.24 (API 1.41)", for people
  std::string endpoint;                // "unix:///var/run/docker.sock"
  std::string kind;                    // "docker" or "podman"
};

// When what runs on an engine is ended by somebody else.
struct Horizon {
  Steady at{};
  std::string name;  // of what ends then, for people: "Slurm job 12"
};

// Runs attempts somewhere: a Docker daemon, a Podman service. It knows attempts, not studies.
//
// Every call returns at once and is safe to repeat. What becomes of it arrives later, on the same thread, as
// Observations at the sink that the engine was made with, never from within the call.
class Engine {
 public:
  virtual ~Engine() = default;

  // Looks at the engine and the machine; `done` gets the inventory, or why it cannot be used.
  virtual void inspect(std::function<void(Result<Inventory>)> done) = 0;

  // Whether a directory that this process sees can be mounted into a container; Invalid says why it cannot.
  virtual Result<void> can_mount(const std::filesystem::path& /*directory*/) const { return {}; }

  // Before the first start: finds or pulls `image` by `policy`; `done` gets its digest, or an error that
  // names the image.
  virtual void prepare_image(const std::string& image, PullPolicy policy,
                             std::function<void(Result<std::string>)> done) = 0;

  // Before the first start: Invalid says what it has against such an attempt, of which nothing is made.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): who asks somebody keeps it
  virtual void try_out(const AttemptSpec& /*spec*/, std::function<void(Result<void>)> done) { done({}); }

  // Makes the container (found by name when it is there already): leases devices, pulls, runs no byte of the
  // workload. → Preparing…, then Created or Refused.
  virtual void create(const AttemptSpec& spec) = 0;

  // Runs a created attempt: at most one start call is ever made for a container. → Running or Refused, then
  // Exited. Call it only after the intent is on disk.
  virtual void start(const AttemptId& attempt) = 0;

  // SIGTERM, and SIGKILL once `grace` is over. One that is still being made or pulled ends as Refused with
  // Cancelled. → Exited
  virtual void stop(const AttemptId& attempt, Duration grace) = 0;

  // Removes whatever is left of an attempt: containers, anonymous volumes, lease. → Gone
  virtual void forget(const AttemptId& attempt) = 0;

  // An attempt that a dead controller left behind, as recorded.
  struct Expected {
    AttemptSpec spec;  // what create() was, or would have been, given
    bool start_intended = false;
  };
  // Looks at everything with this volume's label. Each expected one: running → adopted (Running; its logs are
  // read again from byte 0 and what is on disk is skipped); exited → Running, then Exited; created and never
  // meant to start → Created; created with a start intent → removed without force (when it proves to run
  // after all: adopted), then Missing (Interrupted); absent → Missing (Lost). Everything else with our label
  // is removed, unless another controller of this process drives its run. `done` comes after the first
  // observation of each but Preparing.
  virtual void resync(std::vector<Expected> expected, std::function<void(Result<void>)> done) = 0;

  // What an attempt that had `devices` came to: one that fails attempts repeatedly is leased to nobody.
  virtual void note_end(const std::vector<std::string>& /*devices*/, Reason /*reason*/,
                        const std::string& /*message*/) {}
  // Devices that are leased to nobody, each with why, for people.
  virtual std::vector<std::string> quarantined() const { return {}; }

  // Why the engine itself takes nothing at present, one sentence for people; empty where it does. Nothing is
  // begun meanwhile, and what waits counts for no timeout.
  virtual std::string trouble() const { return {}; }

  // Asked before every start; nothing where nobody else sets an end.
  virtual std::optional<Horizon> horizon() const { return {}; }

  // The equivalent command line for people, without secret values.
  virtual std::string command_line(const AttemptSpec& spec) const = 0;
};

}  // namespace studyctl
