#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "control/controller.h"
#include "control/fake_engine.h"
#include "control/fakes.h"

namespace studyctl {

// What must hold after each turn, whatever goes wrong. It reads what is on disk as anybody might: from the
// first event to the last, once.
class Invariants {
 public:
  Invariants(const MemoryJournal& journal, const FakeEngine& engine, const FakeWorkspace& workspace,
             const FakePublisher& published, size_t places)
      : journal_(journal), engine_(engine), workspace_(workspace), published_(published), places_(places) {}

  void after_turn(const Ledger& ledger);
  // Of a run whose controller has nothing left to do.
  void at_end(const Ledger& ledger, size_t left_behind);

  // Empty when all is well.
  const std::vector<std::string>& violations() const { return violations_; }
  void violate(const std::string& what);
  // Of all that is on disk.
  uint64_t trace() const { return trace_; }

 private:
  void read(const Event& event);
  void on_intended(const AttemptKey& key);
  void on_starting(const AttemptKey& key);
  void on_ended(const AttemptEnded& end);
  void mix(uint64_t value) { trace_ = (trace_ ^ value) * 0x100000001b3u; }

  const MemoryJournal& journal_;
  const FakeEngine& engine_;
  const FakeWorkspace& workspace_;
  const FakePublisher& published_;
  size_t places_;

  size_t read_ = 0;
  RunState state_ = RunState::Pending;
  std::map<RepetitionKey, AttemptKey> active_;
  std::map<RepetitionKey, uint32_t> attempts_;
  std::set<RepetitionKey> succeeded_;
  uint64_t trace_ = 0xcbf29ce484222325u;
  std::vector<std::string> violations_;
};

}  // namespace studyctl
