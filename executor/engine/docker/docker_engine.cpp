#include "engine/docker/docker_engine.h"

#include <algorithm>

#include "base/log.h"
#include "engine/docker/api_error.h"
#include "engine/docker/command_line.h"
#include "engine/docker/endpoint.h"
#include "engine/docker/engine_process.h"
#include "engine/host_capacity.h"
#include "engine/host_process.h"
#include "engine/part_names.h"

namespace studyctl {
namespace {

constexpr int kConnections = 64;
constexpr char kVolumeLabel[] = "studyctl.io/volume=";

}  // namespace

DockerEngine::DockerEngine(EventLoop& loop, Endpoint endpoint, ObservationSink sink, std::string volume,
                           DockerOptions options)
    : loop_(loop),
      sink_(std::move(sink)),
      volume_(std::move(volume)),
      options_(std::move(options)),
      api_(loop, std::move(endpoint), kConnections, options_.metrics),
      images_(api_),
      throttle_(loop.clock(), options_.starts_at_once),
      kernel_(options_.kernel_log),
      census_(loop, engines_of_this_machine(api_.endpoint().address, options_.other_sockets)),
      sampler_(loop),
      devices_(loop, sampler_, {options_.lease_directory, options_.devices},
               [this](std::function<void(Result<HeldDevices>)> done) { census_.take(std::move(done)); }),
      parts_{api_,     images_,           throttle_,
             kernel_,  devices_.leases(), sampler_,
             options_, volume_,           [this] { return engine_since(); }},
      events_(api_, kVolumeLabel + volume_,
              EventStream::Listener{[this](const EngineEvent& event) { on_event(event); },
                                    [this] { on_connected(); }, [this] { disconnected_ = true; }}),
      calls_(api_) {
  events_.open();
  calls_.after(options_.list_every, [this] { list(); });
}

DockerEngine::~DockerEngine() = default;

void DockerEngine::own(std::unique_ptr<PodmanService> service) {
  service_ = std::move(service);
}

// ---- what the controller asks ----

void DockerEngine::inspect(std::function<void(Result<Inventory>)> done) {
  calls_.once(api_.get("/_ping"), [this, done = std::move(done)](const Result<HttpResponse>& answer) {
    if (!answer) return done(answer.error());
    inspections_.push_back(done);
    if (inspections_.size() > 1) return;
    devices_.find([this](const std::vector<Device>& devices) { on_devices(devices); });
  });
}

void DockerEngine::on_devices(const std::vector<Device>& devices) {
  Inventory inventory;
  const HostCapacity host = host_capacity();
  inventory.millicpu = host.millicpu;
  inventory.memory_bytes = host.memory_bytes;
  inventory.devices = count_kinds(devices);
  inventory.engine = api_.endpoint().text();
  inventory.endpoint = service_ ? kOwnPodmanService : api_.endpoint().address.text();
  inventory.kind = api_.is_podman() ? "podman" : "docker";
  for (const auto& done : std::exchange(inspections_, {})) done(inventory);
}

void DockerEngine::note_end(const std::vector<std::string>& devices, Reason reason,
                            const std::string& message) {
  devices_.note_end(devices, reason, message);
}

std::vector<std::string> DockerEngine::quarantined() const {
  return devices_.quarantined();
}

Result<void> DockerEngine::can_mount(const std::filesystem::path& directory) const {
  auto outside = api_.endpoint().paths.outside(directory);
  return outside ? Result<void>() : Result<void>(std::move(outside).error());
}

void DockerEngine::prepare_image(const std::string& image, PullPolicy policy,
                                 std::function<void(Result<std::string>)> done) {
  if (image == kNoImage) {
    loop_.after(Duration(0), [done = std::move(done)] {
      done(Error{ErrorCode::Invalid,
                 "image: none: a container engine runs nothing without an image; name one, or say --engine "
                 "process"});
    });
    return;
  }
  images_.ensure(
      image, policy, [](const std::string& message) { log::info(message); }, std::move(done));
}

void DockerEngine::create(const AttemptSpec& spec) {
  if (DockerAttempt* known = find(spec.id)) return known->repeat();
  if (!spec.devices.empty() && !devices_.are_known()) inspect([](const Result<Inventory>&) {});
  add(spec).create();
}

void DockerEngine::start(const AttemptId& attempt) {
  if (DockerAttempt* known = find(attempt)) return known->start();
  tell_missing(attempt);
}

void DockerEngine::stop(const AttemptId& attempt, Duration grace) {
  if (DockerAttempt* known = find(attempt)) known->stop(grace);
}

void DockerEngine::forget(const AttemptId& attempt) {
  if (DockerAttempt* known = find(attempt)) return known->forget();
  AttemptSpec nameless;
  nameless.id = attempt;
  add(nameless).forget();
}

std::string DockerEngine::command_line(const AttemptSpec& spec) const {
  return studyctl::command_line(spec, api_.endpoint());
}

DockerAttempt* DockerEngine::find(const AttemptId& attempt) {
  const auto found = attempts_.find(attempt);
  return found == attempts_.end() ? nullptr : found->second.get();
}

DockerAttempt& DockerEngine::add(const AttemptSpec& spec) {
  auto& slot = attempts_[spec.id];
  slot = std::make_unique<DockerAttempt>(parts_, spec, [this](Observation seen) { tell(std::move(seen)); });
  return *slot;
}

void DockerEngine::tell_missing(const AttemptId& attempt, Reason reason, std::string message) {
  Observation missing;
  missing.attempt = attempt;
  missing.phase = Observation::Phase::Missing;
  missing.reason = reason;
  missing.message = std::move(message);
  tell(std::move(missing));
}

// ---- telling ----

// Never from within a call: what is told is delivered when the loop comes round.
void DockerEngine::tell(Observation observation) {
  told_.push_back(std::move(observation));
  if (told_.size() == 1) calls_.after(Duration(0), [this] { deliver(); });
}

void DockerEngine::deliver() {
  for (Observation& observation : std::exchange(told_, {})) {
    if (observation.phase == Observation::Phase::Gone) attempts_.erase(observation.attempt);
    const AttemptId attempt = observation.attempt;
    const bool is_settled = observation.phase != Observation::Phase::Preparing;
    sink_(std::move(observation));
    if (resync_ && is_settled) resync_settled(attempt);
  }
}

// ---- looking ----

void DockerEngine::on_event(const EngineEvent& event) {
  if (DockerAttempt* attempt = find(AttemptId{attempt_of(event.name)})) attempt->on_event(event);
}

// Whatever happened while nobody listened, inspecting tells.
void DockerEngine::on_connected() {
  if (!std::exchange(disconnected_, false)) return;
  reconnected_at_ = loop_.clock().now();
  engine_since_.reset();
  for (const auto& [id, attempt] : attempts_) attempt->look();
}

HttpRequest DockerEngine::list_request() const {
  return api_.get("/containers/json?all=1&filters=" + filters({{"label", {kVolumeLabel + volume_}}}));
}

void DockerEngine::list() {
  calls_.ask(list_request(), [this](const HttpResponse& response) {
    if (const auto listed = parse_container_list(response.body); listed && response.status == 200)
      compare(*listed);
    kernel_.read_on();
    calls_.after(options_.list_every, [this] { list(); });
  });
}

void DockerEngine::compare(const std::vector<ListedContainer>& listed) {
  std::unordered_map<std::string, std::string> states;
  for (const ListedContainer& container : listed) states[container.name] = container.state;
  for (const auto& [id, attempt] : attempts_) {
    const auto found = states.find(id.text);
    if (found == states.end() || found->second != "running") attempt->look();
  }
  if (may_reap_) remove_strangers(listed);
}

bool DockerEngine::is_of_another(const ListedContainer& container) const {
  const auto run = container.labels.find("studyctl.io/run");
  return options_.is_of_another && run != container.labels.end() && options_.is_of_another(run->second);
}

// What bears this volume's label and belongs to nothing that is known was left by a call that a dead
// controller made.
void DockerEngine::remove_strangers(const std::vector<ListedContainer>& listed) {
  Doomed strangers;
  for (const ListedContainer& container : listed) {
    if (!find(AttemptId{attempt_of(container.name)}) && !is_of_another(container))
      strangers.ids.push_back(container.id);
  }
  if (strangers.ids.empty() || reaper_) return;
  log::warning("removing " + std::to_string(strangers.ids.size()) + " containers that nothing is known of");
  reaper_ = std::make_unique<Remover>(api_, volume_, std::move(strangers), [this](const std::string&) {
    devices_.leases().poke();
    calls_.after(Duration(0), [this] { reaper_.reset(); });
  });
}

// A Podman service ends and begins without its containers; Docker, and a machine, take theirs with them.
std::optional<Instant> DockerEngine::engine_since() {
  if (engine_since_ && !disconnected_) return *engine_since_;
  std::optional<Instant> since;
  if (api_.endpoint().is_local()) since = machine_started_at();
  if (!api_.is_podman()) {
    const auto process = engine_process(api_.endpoint().address.unix_socket);
    if (process) since = process->started_at;
    if (!process && reconnected_at_) since = reconnected_at_;
  }
  engine_since_ = since;
  return since;
}

}  // namespace studyctl
