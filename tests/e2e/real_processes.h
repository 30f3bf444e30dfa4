#pragma once

#include <csignal>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "any_engine.h"
#include "base/text.h"
#include "engine/process/process_engine.h"
#include "engine/process/supervised.h"

namespace studyctl {

// A ProcessEngine with a supervisor of its own.
class RealProcesses final : public AnyEngine {
 public:
  explicit RealProcesses(MachineDevices::Places devices = {}, std::vector<std::string> other_sockets = {})
      : AnyEngine(random_uuid()), devices_(std::move(devices)), other_sockets_(std::move(other_sockets)) {
    begin();
  }
  ~RealProcesses() override { clear(); }

  size_t left() override { return known().size(); }
  void kill(const AttemptId& id) override { ::kill(-known().at(id.text).pid, SIGKILL); }
  void remove(const AttemptId& /*id*/) override {}
  bool has_exited(const AttemptId& id) override { return known().at(id.text).end.has_value(); }
  std::string shown(const AttemptId& /*id*/) override { return text_of(records()); }

  int supervisor() {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const std::string words = text_of(entry.path() / "cmdline");
      if (words.find("supervise") != std::string::npos && words.find(supervised()) != std::string::npos)
        return std::stoi(entry.path().filename());
    }
    return 0;
  }

 private:
  std::unique_ptr<Engine> make(ObservationSink sink) override {
    ProcessEngineOptions options{supervised(), STUDYCTL_PROGRAM};
    options.devices = devices_;
    options.other_sockets = other_sockets_;
    auto made = ProcessEngine::make(loop, std::move(options), std::move(sink));
    if (!made) throw std::runtime_error(made.error().message);
    return *std::move(made);
  }
  std::filesystem::path supervised() const { return directory / "processes"; }
  std::filesystem::path records() const { return supervised() / "processes.jsonl"; }

  // What the supervisor has on record, and its pid where it said so.
  std::map<std::string, SupervisedProcess> known() {
    std::map<std::string, SupervisedProcess> processes;
    for (const std::string& line : split(text_of(records()), '\n')) {
      const auto news = parse_news(line);
      if (!news) continue;
      if (news->kind == ProcessNews::Kind::Gone)
        processes.erase(news->process.id);
      else
        processes[news->process.id] = news->process;
    }
    for (auto& [id, process] : processes)
      if (const Observation* running = find(AttemptId{id}, Observation::Phase::Running))
        process.pid = std::stoi(running->container.substr(running->container.rfind(' ') + 1));
    return processes;
  }

  MachineDevices::Places devices_;
  std::vector<std::string> other_sockets_;
};

}  // namespace studyctl
