#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "model/event.h"
#include "store/attempt_record.h"
#include "store/harvest/harvest.h"

namespace studyctl {

// What an attempt left behind, as its files say.
using Findings = Harvest;

// A sign of life of a running attempt.
struct Sign {
  bool changed = false;            // something was written since the last look
  std::optional<double> fraction;  // what its .progress says
  std::string message;
};

// Where attempts live: what to run, its directory, and what is read from it. One workspace a run. Control
// thread only; the callbacks come on it too, between turns of the loop: what they decide is committed by the
// next turn, and done in the world behind that.
class Workspace {
 public:
  virtual ~Workspace() = default;

  // The name of an attempt, and of its container.
  virtual AttemptId id(const AttemptKey& key) = 0;

  struct Placement {
    std::string cpus;          // "0-3"; empty: not pinned
    int64_t memory_bytes = 0;  // its limit, where a retry rule let it grow; 0: the study's
  };
  // What to run for `key`, secrets in place. Safe to repeat. NotFound names a missing secret or input.
  virtual Result<AttemptSpec> spec(const AttemptKey& key, const Placement& placement) = 0;

  // As much of it as it takes to adopt and to remove what was made of it before; needs no secret.
  virtual AttemptSpec outline(const AttemptKey& key) = 0;

  // Makes the attempt's directory with its files, off-thread, one after the other as they were asked for.
  // Safe to repeat. Unavailable: the volume is full or gone, and it is tried again; any other error names
  // what is missing, and pauses the run.
  virtual void prepare(const AttemptKey& key, const AttemptSpec& spec,
                       std::function<void(Result<void>)> done) = 0;

  struct Question {
    bool exited_zero = false;               // only then are required files and content rules asked for
    std::vector<std::string> log_patterns;  // which of them stand in its output
  };
  // Makes, off-thread, the kernel forget what it holds of an attempt's inputs; `done` is told what was done.
  virtual void cool(std::vector<std::filesystem::path> layers, std::vector<std::filesystem::path> volumes,
                    std::function<void(std::vector<std::string>)> done) = 0;

  // Reads, off-thread, what an attempt that has ended left behind.
  virtual void read(const AttemptKey& key, Question question, std::function<void(Findings)> done) = 0;

  // Writes attempt.json and syncs everything to disk, off-thread. `attempt` is all that is known of its end;
  // what is known of its experiment and its run is added.
  virtual void seal(AttemptRecord attempt, std::function<void(Result<void>)> done) = 0;

  // Publishes the directory under its final name. After the end is committed. Safe to repeat: recovery does
  // the last ones again. Unavailable: nothing goes on until it is done.
  virtual Result<void> settle(const AttemptKey& key, Verdict verdict) = 0;

  // Makes durable, off-thread, what was settled since it was asked last. What fails is part of the next ask.
  virtual void sync_settled(std::function<void(Result<void>)> done) = 0;

  // Looks, off-thread, whether the attempt wrote anything since the last look.
  virtual void look(const AttemptKey& key, std::function<void(Sign)> done) = 0;
};

}  // namespace studyctl
