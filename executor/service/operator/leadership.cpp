#include "service/operator/leadership.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/machine_boot.h"
#include "service/operator/acting_label.h"
#include "service/operator/leader_election.h"

namespace studyctl {
namespace {

constexpr char kLease[] = "studyctl";  // one for a namespace: who leads acts for all Studies in it
constexpr Duration kLastWord{3'000};
constexpr Duration kSilence{30'000};  // a look takes seconds, also where the cluster does not answer

std::string identity() {
  return this_host() + "_" + random_uuid();
}

}  // namespace

Leadership::Leadership(ClusterAccess access, std::string pod, std::function<void()> changed)
    : access_(std::move(access)),
      pod_(std::move(pod)),
      changed_(std::move(changed)),
      loop_(clock_),
      turned_at_(clock_.steady()),
      thread_([this] { run(); }) {}

Leadership::~Leadership() {
  is_ending_ = true;
  loop_.wake();
  thread_.join();
}

void Leadership::acts(bool acts) {
  is_labelled_ = false;
  acts_ = acts;
  loop_.wake();
}

Leadership::Standing Leadership::standing() const {
  const std::lock_guard lock(mutex_);
  const bool is_ready = pod_.empty() ? acts_.load() : is_labelled_ && (acts_ || is_another_);
  return {clock_.steady() - turned_at_.load() < kSilence, acts_, is_ready, waits_for_};
}

void Leadership::note(const std::string& waits_for, bool is_another) {
  const std::lock_guard lock(mutex_);
  waits_for_ = waits_for;
  is_another_ = is_another;
}

void Leadership::run() {
  ClusterApi api(loop_, access_);
  const std::string who = identity();
  const auto become = [this](State state) {
    state_ = state;
    changed_();
  };
  LeaderElection election(api, kLease, who,
                          {[&] {
                             log::info("leads: it holds the Lease " + access_.namespace_name + "/" + kLease);
                             note({}, false);
                             become(State::Leads);
                           },
                           [&](const std::string& why) {
                             log::error("leads no more: " + why);
                             become(State::Lost);
                           },
                           [this](const std::string& what, bool is_another) {
                             note(what, is_another);
                             log::info("waits for " + what);
                           }});
  std::optional<ActingLabel> label;
  if (!pod_.empty()) label.emplace(api, pod_);
  election.begin();
  while (!is_ending_) {
    turned_at_ = clock_.steady();
    if (label) label->say(acts_);
    is_labelled_ = label && label->is_said();
    loop_.run_once(kSilence / 3);
  }
  bool is_done = false;
  election.let_go([&] { is_done = true; });
  const Steady deadline = clock_.steady() + kLastWord;
  while (!is_done && clock_.steady() < deadline) loop_.run_once(std::chrono::milliseconds(100));
}

}  // namespace studyctl
