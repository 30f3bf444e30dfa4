#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "engine/engine.h"
#include "io/event_loop.h"

namespace studyctl {

inline constexpr char kTestImage[] = "studyctl/tiny:1";

// The address of a real engine, from the environment that tests/run.sh sets; a test without it fails.
inline std::string test_engine(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr)
    throw std::runtime_error(variable + " is not set: run tests/run.sh, or start one with tests/testbed");
  return value;
}

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

// What a test does with an engine of any kind, with a volume of its own.
class AnyEngine {
 public:
  explicit AnyEngine(std::string volume) : loop(clock), volume_(std::move(volume)) {
    directory = std::filesystem::temp_directory_path() / ("studyctl-engine-" + volume_);
    std::filesystem::create_directories(directory);
  }
  virtual ~AnyEngine() { std::filesystem::remove_all(directory); }
  AnyEngine(const AnyEngine&) = delete;
  AnyEngine& operator=(const AnyEngine&) = delete;

  // A controller dies and another one comes.
  void begin() {
    engine.reset();
    seen.clear();
    engine = make([this](const Observation& observation) {
      seen[observation.attempt].push_back(observation);
      if (on_seen) on_seen(observation);
    });
  }

  // How many things of ours are there.
  virtual size_t left() = 0;
  // Somebody else's doing.
  virtual void kill(const AttemptId& id) = 0;
  virtual void remove(const AttemptId& id) = 0;
  virtual bool has_exited(const AttemptId& id) = 0;
  // What the engine says of it, for a failed test.
  virtual std::string shown(const AttemptId& id) = 0;

  virtual AttemptSpec attempt(const std::string& name, const std::string& script) {
    AttemptSpec spec;
    spec.id.text = "studyctl-" + volume_.substr(0, 8) + "-" + name;
    spec.labels = {{"studyctl.io/volume", volume_},
                   {"studyctl.io/study", "contract"},
                   {"studyctl.io/attempt", "1"},
                   {"studyctl.io/spec-hash", "hash-of-" + name}};
    spec.main.image = kTestImage;
    spec.main.command = {"/bin/sh", "-c", script};
    spec.directory = directory / name;
    spec.scratch = directory / (name + ".scratch");
    std::filesystem::create_directories(spec.directory);
    return spec;
  }

  // Runs the loop until `done` holds; false when that took too long.
  bool until(const std::function<bool()>& done, Duration patience = std::chrono::seconds(40)) {
    const Steady deadline = clock.steady() + patience;
    while (!done()) {
      if (clock.steady() > deadline) return false;
      loop.run_once(Duration(50));
    }
    return true;
  }
  void run_for(Duration time) {
    until([] { return false; }, time);
  }

  const Observation* last(const AttemptId& id) const {
    const auto found = seen.find(id);
    return found == seen.end() || found->second.empty() ? nullptr : &found->second.back();
  }
  const Observation* find(const AttemptId& id, Observation::Phase phase) const {
    const auto found = seen.find(id);
    if (found == seen.end()) return nullptr;
    for (const Observation& observation : found->second) {
      if (observation.phase == phase) return &observation;
    }
    return nullptr;
  }
  int count(const AttemptId& id, Observation::Phase phase) const {
    int result = 0;
    const auto found = seen.find(id);
    if (found == seen.end()) return 0;
    for (const Observation& observation : found->second) result += observation.phase == phase;
    return result;
  }
  // All that was seen of an attempt, for a failed test.
  std::string story(const AttemptId& id) {
    static constexpr const char* kPhases[] = {"Preparing", "Created", "Refused", "Running",
                                              "Exited",    "Missing", "Gone"};
    std::string text = "seen:";
    for (const Observation& observation : seen[id]) {
      text += " " + std::string(kPhases[static_cast<size_t>(observation.phase)]) + "(" + observation.message +
              ")";
    }
    return text + "; the engine shows: " + shown(id);
  }
  bool await(const AttemptId& id, Observation::Phase phase) {
    return until([&] { return find(id, phase) != nullptr; });
  }

  // create, start, and what it came to.
  Observation run(const AttemptSpec& spec) {
    using Phase = Observation::Phase;
    engine->create(spec);
    until([&] { return find(spec.id, Phase::Created) || find(spec.id, Phase::Refused); });
    if (find(spec.id, Phase::Created) == nullptr) return last(spec.id) ? *last(spec.id) : Observation{};
    engine->start(spec.id);
    until([&] {
      return last(spec.id)->phase == Phase::Exited || last(spec.id)->phase == Phase::Refused ||
             last(spec.id)->phase == Phase::Missing;
    });
    return *last(spec.id);
  }
  bool forget(const AttemptId& id) {
    engine->forget(id);
    return await(id, Observation::Phase::Gone);
  }
  Result<void> resync(std::vector<Engine::Expected> expected) {
    std::optional<Result<void>> answer;
    engine->resync(std::move(expected), [&answer](Result<void> result) { answer = std::move(result); });
    if (!until([&] { return answer.has_value(); }))
      return Error{ErrorCode::Unavailable, "resync does not end"};
    return *answer;
  }

  const std::string& volume() const { return volume_; }

  SystemClock clock;
  EventLoop loop;
  std::filesystem::path directory;
  std::map<AttemptId, std::vector<Observation>> seen;
  std::function<void(const Observation&)> on_seen;
  std::unique_ptr<Engine> engine;

 protected:
  virtual std::unique_ptr<Engine> make(ObservationSink sink) = 0;
  // To be called by the destructor of each kind: leaves nothing behind.
  void clear() {
    if (!engine) return;
    if (!resync({})) std::abort();
    until([this] { return left() == 0; });
    engine.reset();
  }

 private:
  std::string volume_;
};

}  // namespace studyctl
