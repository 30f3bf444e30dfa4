#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/slurm/answers.h"
#include "engine/slurm/attempt_home.h"
#include "engine/slurm/commands.h"
#include "engine/slurm/submission.h"

namespace studyctl {

// Brings attempts to Slurm as job arrays: it gathers them for a moment, and what asks for the same goes by
// one sbatch, as many as the site lets into one array. Control thread only.
class Submitter {
 public:
  struct Item {
    AttemptId attempt;
    AttemptHome home;
    std::string run;
    std::vector<std::string> options;
  };
  // Called from the loop, one for each attempt; `waits` any number of times before.
  struct Callbacks {
    std::function<void(const AttemptId&, const TaskId&)> submitted;
    std::function<void(const AttemptId&, const std::string& why)> refused;
    std::function<void(const AttemptId&, const std::string& why)> waits;
  };
  Submitter(SlurmCommands& commands, std::string volume, Callbacks callbacks)
      : commands_(commands), volume_(std::move(volume)), callbacks_(std::move(callbacks)) {}

  void set_site(const SlurmSite& site);
  void add(Item item);
  // Whether it was still here, where sbatch has never heard of it: then it leaves, without a callback.
  bool drop(const AttemptId& attempt);
  // One of ours has ended: what a limit of jobs held back may have room.
  void on_room();

 private:
  struct Batch {
    std::string name;
    std::vector<Item> items;
  };
  void flush_after(Duration delay);
  void flush();
  Batch take_batch();
  void prepare(Batch batch);
  void submit(Batch batch);
  void on_answer(Batch batch, const Result<std::string>& answer);
  void on_submitted(const Batch& batch, const std::string& job);
  void look_for(Batch batch, const std::string& why);
  void put_back(Batch batch, const std::string& why, Duration pause);
  void put_back_later(Batch batch, const std::string& why);

  SlurmCommands& commands_;
  std::string volume_;
  Callbacks callbacks_;
  std::vector<Item> waiting_;
  size_t most_ = 1000, at_once_ = 1000;  // tasks of an array: by the site; now
  Duration pause_{0};                    // after the last refusal
  bool has_timer_ = false, has_wake_ = false, is_busy_ = false;
};

}  // namespace studyctl
