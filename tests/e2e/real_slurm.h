#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "any_engine.h"
#include "base/text.h"
#include "engine/slurm/attempt_home.h"
#include "engine/slurm/batch_script.h"
#include "engine/slurm/slurm_engine.h"
#include "io/subprocess.h"

namespace studyctl {

// A SlurmEngine on a real Slurm, by the path of its slurm.conf.
class RealSlurm final : public AnyEngine {
 public:
  explicit RealSlurm(const std::string& conf) : AnyEngine(random_uuid()) {
    setenv("SLURM_CONF", conf.c_str(), 1);
    begin();
  }
  ~RealSlurm() override { clear(); }

  AttemptSpec attempt(const std::string& name, const std::string& script) override {
    AttemptSpec spec = AnyEngine::attempt(name, script);
    spec.main.image = "none";
    spec.labels["studyctl.io/run"] = "0123456789abcdef";
    return spec;
  }

  // A task that has noted its end is in the queue for a moment more.
  size_t left() override {
    size_t count = 0;
    for (int look = 0; look < 20; ++look) {
      count = lines("squeue --noheader --array --format=%j").size();
      if (count == 0) break;
      std::this_thread::sleep_for(Duration(100));
    }
    return count;
  }
  // Behind our back: the whole task, with its script.
  void kill(const AttemptId& id) override { lines("scancel " + last(id)->container); }
  void remove(const AttemptId& id) override { kill(id); }
  bool has_exited(const AttemptId& id) override {
    return std::filesystem::exists(directory / (id.text.substr(18) + ".scratch") / "slurm" / kExitFile);
  }
  std::string shown(const AttemptId& /*id*/) override {
    std::string text;
    for (const std::string& line : lines("squeue --noheader --array --states=all")) text += line + "\n";
    return text;
  }
  // Jobs that bear our volume in their names.
  std::vector<std::string> lines(const std::string& command) {
    const auto output = run_program({{"sh", "-c", command}, {}, {}, {}});
    std::vector<std::string> found;
    if (!output) return found;
    const bool is_queue = command.starts_with("squeue");
    for (const std::string& line : split(output->out, '\n'))
      if (!line.empty() && (!is_queue || line.find(volume().substr(0, 8)) != std::string::npos))
        found.push_back(line);
    return found;
  }

  SlurmSettings settings;

 protected:
  std::unique_ptr<Engine> make(ObservationSink sink) override {
    settings.volume = volume();
    settings.look_every = Duration(100);
    settings.ask_every = Duration(2000);
    settings.notes_come_within = Duration(1000);
    return std::make_unique<SlurmEngine>(loop, settings, std::move(sink));
  }
};

}  // namespace studyctl
