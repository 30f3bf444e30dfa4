#include "service/operator/apply_thread.h"

#include "service/apply_decision.h"
#include "service/operator/cluster_reader.h"
#include "service/operator/study_object.h"
#include "study/run_choice.h"

namespace studyctl {

ApplyThread::ApplyThread(StudyService& service, ClusterAccess access, std::function<void()> wake)
    : service_(service), access_(std::move(access)), outcomes_(std::move(wake)), thread_([this] { run(); }) {}

ApplyThread::~ApplyThread() {
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ApplyThread::post(ObjectTask task) {
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_all();
}

void ApplyThread::run() {
  while (true) {
    TaskOutcome outcome;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return is_ending_ || !tasks_.empty(); });
      if (is_ending_) return;
      outcome.task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    switch (outcome.task.kind) {
      case ObjectTask::Kind::Apply: apply(outcome); break;
      case ObjectTask::Kind::Find: find(outcome); break;
      case ObjectTask::Kind::Cancel: cancel(outcome); break;
    }
    outcomes_.post(std::move(outcome));
  }
}

ClusterReader& ApplyThread::reader_for(const std::string& namespace_name) {
  auto& reader = readers_[namespace_name];
  if (reader) return *reader;
  ClusterAccess access = access_;
  access.namespace_name = namespace_name;
  reader = std::make_unique<ClusterReader>(std::move(access));
  return *reader;
}

void ApplyThread::apply(TaskOutcome& outcome) {
  if (outcome.task.study != outcome.task.name)
    outcome.task.manifest = manifest_in_namespace(outcome.task.manifest, outcome.task.namespace_name);
  auto study = reader_for(outcome.task.namespace_name).load(outcome.task.name, outcome.task.manifest);
  outcome.task.manifest.clear();
  if (!study) {
    outcome.error = std::move(study).error();
    return;
  }
  ApplyRequest request;
  request.study = *std::move(study);
  request.who = "object " + outcome.task.namespace_name + "/" + outcome.task.name;
  auto applied = service_.apply(std::move(request));
  if (!applied) {
    outcome.error = std::move(applied).error();
    return;
  }
  outcome.applied = *std::move(applied);
  outcome.task.run_id = outcome.applied.run;
  find(outcome);
}

void ApplyThread::find(TaskOutcome& outcome) {
  const auto chosen = choose_run(service_.volume(), outcome.task.run_id);
  if (chosen) {
    outcome.directory = chosen->directory.path();
  } else {
    outcome.error = chosen.error();
  }
}

void ApplyThread::cancel(TaskOutcome& outcome) {
  std::string& run = outcome.task.run_id;
  if (run.empty()) {
    const auto newest = newest_run(service_.volume(), outcome.task.study);
    if (newest && *newest) run = (*newest)->run.record.id;
  }
  outcome.is_over = run.empty() || !service_.live().holds(run);
  if (outcome.is_over || outcome.task.was_told) return;
  Command command;
  command.kind = Command::Kind::Cancel;
  command.who = "object " + outcome.task.namespace_name + "/" + outcome.task.name + ", which is deleted";
  const auto told = service_.tell(run, command);
  if (!told) outcome.error = told.error();
}

}  // namespace studyctl
