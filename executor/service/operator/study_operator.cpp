#include "service/operator/study_operator.h"

#include "base/log.h"
#include "base/text.h"
#include "model/study_name.h"
#include "service/operator/study_report.h"
#include "store/status_file.h"

namespace studyctl {
namespace {

constexpr Duration kTick{1000};  // and the least time between two writes of one object
constexpr Duration kApplyAgain{10'000};
constexpr int kPage = 50;  // an object may be large
constexpr char kRefused[] = "Refused";

// Of all namespaces where none is named.
HttpRequest get_studies(const ClusterApi& api, const std::string& namespace_name, const std::string& query) {
  const std::string group(kStudyGroup);
  if (namespace_name.empty()) return api.get(group + "/studies?" + query);
  return api.of_kind("GET", group, "studies?" + query, {}, namespace_name);
}

// In one of them is enough: what another lacks may come later, and holds nobody up.
Result<void> look_for_studies(ClusterApi& api, const std::vector<std::string>& namespaces) {
  std::optional<Error> first;
  for (const std::string& name : namespaces) {
    const auto list = answer_of(api, get_studies(api, name, "limit=1"));
    if (!list) return list.error();
    if (list->status == 200) return {};
    if (list->status == kStatusMissing)
      return Error{ErrorCode::NotFound, "the cluster knows no Studies: kubectl apply -f manifests/crd.yaml"};
    if (!first) first = Error{ErrorCode::Unavailable, cluster_failure(*list)};
  }
  return *std::move(first);
}

std::vector<std::string> namespaces_of(const WatchedNamespaces& watched, const std::string& own) {
  if (watched.all) return {""};
  return watched.names.empty() ? std::vector<std::string>{own} : watched.names;
}

}  // namespace

std::string WatchedNamespaces::text(const std::string& own) const {
  if (all) return "all namespaces";
  if (names.size() < 2) return "namespace " + (names.empty() ? own : names.front());
  return "namespaces " + join(names, ", ");
}

Result<void> check_studies(const ClusterAccess& access, const WatchedNamespaces& watched) {
  SystemClock clock;
  EventLoop loop(clock);
  ClusterApi api(loop, access);
  const std::string where = access.name + " (" + access.address.text() + ")";
  if (auto seen = look_for_studies(api, namespaces_of(watched, access.namespace_name)); !seen)
    return std::move(seen).error().within(where);
  const auto group = answer_of(api, api.get(std::string(kStudyGroup)));
  if (!group) return Error(group.error()).within(where);
  if (group->status == 200 && group->body.find("\"studies/status\"") == std::string::npos)
    return Error{ErrorCode::Conflict,
                 where +
                     ": the cluster's definition of Studies is of another version, without a status: "
                     "kubectl apply -f manifests/crd.yaml"};
  return {};
}

StudyOperator::StudyOperator(StudyService& service, const ClusterAccess& access, WatchedNamespaces watched)
    : loop_(clock_),
      access_(access),
      watched_(std::move(watched)),
      applies_(service, access, [this] { loop_.wake(); }),
      thread_([this] { run(); }) {}

StudyOperator::~StudyOperator() {
  is_ending_ = true;
  loop_.wake();
  thread_.join();
}

void StudyOperator::run() {
  api_ = std::make_unique<ClusterApi>(loop_, access_);
  for (const std::string& name : namespaces_of(watched_, access_.namespace_name)) watch(name);
  Steady next_tick = clock_.steady();
  while (!is_ending_) {
    const Steady now = clock_.steady();
    if (now >= next_tick) {
      for (auto& [uid, followed] : followed_) look(followed);
      next_tick = clock_.steady() + kTick;
    }
    loop_.run_once(std::chrono::ceil<Duration>(std::max(Steady::duration(0), next_tick - clock_.steady())));
    for (const TaskOutcome& outcome : applies_.drain()) on_outcome(outcome);
  }
}

void StudyOperator::watch(const std::string& namespace_name) {
  ObjectWatch<StudyObject>::Source source{
      "studies",
      [this, namespace_name](const std::string& query) { return get_studies(*api_, namespace_name, query); },
      parse_study_list, parse_study_change, kPage};
  watches_.push_back(std::make_unique<ObjectWatch<StudyObject>>(
      *api_, std::move(source),
      ObjectWatch<StudyObject>::Listener{
          [this](const StudyObject& object) { on_shown(object); },
          [this](const StudyObject& object) { followed_.erase(object.uid); }}));
  watches_.back()->list({});
}

// What the results call it.
std::string StudyOperator::name_of_study(const StudyObject& object) const {
  const bool is_own = object.namespace_name == access_.namespace_name;
  return is_own ? object.name : name_in_namespace(object.namespace_name, object.name);
}

ObjectTask StudyOperator::task_for(const Followed& followed, ObjectTask::Kind kind) const {
  ObjectTask task;
  task.kind = kind;
  task.uid = followed.object.uid;
  task.name = followed.object.name;
  task.namespace_name = followed.object.namespace_name;
  task.study = name_of_study(followed.object);
  return task;
}

StudyOperator::Followed* StudyOperator::find(const std::string& uid) {
  const auto found = followed_.find(uid);
  return found == followed_.end() ? nullptr : &found->second;
}

void StudyOperator::on_shown(const StudyObject& object) {
  const auto [found, is_new] = followed_.try_emplace(object.uid);
  Followed& followed = found->second;
  followed.object = object;
  if (is_new) {
    followed.status = followed.written = object.status;
    followed.asked_generation = object.status.observed_generation;
    followed.asked_annotations = object.status.observed_annotations;
  }
  look(followed);
}

// ---- what is to be done for one object ----

void StudyOperator::look(Followed& followed) {
  const StudyObject& object = followed.object;
  const Steady now = clock_.steady();
  if (object.is_leaving) {
    if (object.is_held()) release(followed);
  } else if (!object.is_held()) {
    hold(followed, true);  // first, so that no delete is missed
  } else if (!followed.is_asking &&
             (is_edited(followed) || (followed.apply_again_at && now >= *followed.apply_again_at))) {
    ask_to_apply(followed);
  }
  if (!followed.is_found && !followed.is_asking && !followed.status.run_id.empty()) {
    followed.is_found = true;
    ObjectTask task = task_for(followed, ObjectTask::Kind::Find);
    task.run_id = followed.status.run_id;
    applies_.post(std::move(task));
  }
  read_run(followed);
  write(followed);
}

// Since it was applied: its spec, or what it says of its files.
bool StudyOperator::is_edited(const Followed& followed) {
  return followed.object.generation != followed.asked_generation ||
         followed.object.annotations_hash != followed.asked_annotations;
}

void StudyOperator::ask_to_apply(Followed& followed) {
  const StudyObject& object = followed.object;
  if (object.manifest.empty()) return;
  followed.is_asking = true;
  followed.asked_generation = object.generation;
  followed.asked_annotations = object.annotations_hash;
  followed.apply_again_at.reset();
  ObjectTask task = task_for(followed, ObjectTask::Kind::Apply);
  task.manifest = object.manifest;
  task.generation = object.generation;
  applies_.post(std::move(task));
}

// An object that was deleted goes once nothing of it runs.
void StudyOperator::release(Followed& followed) {
  const Steady now = clock_.steady();
  if (followed.is_asking || (followed.cancel_again_at && now < *followed.cancel_again_at)) return;
  const bool never_ran = followed.status.run_id.empty() && followed.status.observed_generation != 0;
  if (never_ran) return hold(followed, false);
  followed.is_asking = true;
  ObjectTask task = task_for(followed, ObjectTask::Kind::Cancel);
  task.run_id = followed.status.run_id;
  task.was_told = followed.was_cancelled;
  applies_.post(std::move(task));
}

void StudyOperator::hold(Followed& followed, bool is_held) {
  if (followed.hold_again_at && clock_.steady() < *followed.hold_again_at) return;
  if (std::exchange(followed.is_holding, true)) return;
  const StudyObject& object = followed.object;
  api_->ask(api_->merge(std::string(kStudyGroup), "studies/" + object.name, finalizer_patch(object, is_held),
                        object.namespace_name),
            [this, uid = object.uid, is_held](const HttpResponse& response) {
              Followed* again = find(uid);
              if (!again) return;
              again->is_holding = false;
              again->hold_again_at.reset();
              // A conflict: it has changed meanwhile, and is shown as it is now.
              if (response.status / 100 == 2 || response.status == kStatusConflict ||
                  response.status == kStatusMissing)
                return;
              again->hold_again_at = clock_.steady() + kApplyAgain;
              const std::string why = "its finalizer: " + cluster_failure(response);
              if (is_held) return refuse(*again, {ErrorCode::Unavailable, why});
              log::warning("study " + name_of_study(again->object) + ": " + why);
            });
}

// ---- what came of it ----

void StudyOperator::on_outcome(const TaskOutcome& outcome) {
  Followed* followed = find(outcome.task.uid);
  if (!followed) return;
  switch (outcome.task.kind) {
    case ObjectTask::Kind::Apply: on_applied(*followed, outcome); break;
    case ObjectTask::Kind::Cancel: on_cancelled(*followed, outcome); break;
    case ObjectTask::Kind::Find:
      followed->directory = outcome.directory;
      if (outcome.error) refuse(*followed, Error(*outcome.error).within("its run " + followed->status.run));
      break;
  }
  look(*followed);
}

void StudyOperator::on_applied(Followed& followed, const TaskOutcome& outcome) {
  followed.is_asking = false;
  StudyObjectStatus& status = followed.status;
  if (outcome.error) return refuse(followed, *outcome.error);
  status.observed_generation = outcome.task.generation;
  status.observed_annotations = followed.asked_annotations;
  followed.is_found = true;
  followed.directory = outcome.directory;
  followed.read_at = {};
  status.run = outcome.directory.filename().string();
  status.run_id = outcome.applied.run;
  const std::string kind(name_of(outcome.applied.kind));
  std::string reason = kind;
  reason.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(reason.front())));
  put_accepted(status, true, reason, outcome.applied.message);
  log::info("study " + name_of_study(followed.object) + ": " + outcome.applied.message);
  if (outcome.applied.kind != Applied::Kind::Unchanged)
    tell(followed.object, {false, reason, "run " + status.run + ": " + outcome.applied.message});
}

void StudyOperator::refuse(Followed& followed, const Error& error) {
  StudyObjectStatus& status = followed.status;
  // What the manifest is not to blame for may be otherwise in a while.
  const bool is_for_good = error.code == ErrorCode::Invalid;
  if (is_for_good) {
    status.observed_generation = followed.asked_generation;
    status.observed_annotations = followed.asked_annotations;
  } else {
    followed.apply_again_at = clock_.steady() + kApplyAgain;
  }
  const std::string message = printable(error.message);
  const StudyObjectStatus before = status;
  put_accepted(status, false, is_for_good ? "Invalid" : "NotYet", message);
  if (status.run_id.empty()) {
    status.state = is_for_good ? kRefused : name_of(RunState::Pending);
    status.message = message;
  }
  if (status == before) return;
  log::warning("study " + name_of_study(followed.object) + ": " + message);
  tell(followed.object, {true, is_for_good ? kRefused : "NotYet", message});
}

void StudyOperator::on_cancelled(Followed& followed, const TaskOutcome& outcome) {
  followed.is_asking = false;
  if (outcome.is_over) {
    followed.cancel_again_at = clock_.steady() + kTick;
    return hold(followed, false);
  }
  followed.cancel_again_at = clock_.steady() + kTick;
  if (outcome.error) {
    log::warning("study " + name_of_study(followed.object) + ": " + outcome.error->message);
  } else if (!std::exchange(followed.was_cancelled, true)) {
    tell(followed.object, {false, "Cancelling", "it was deleted: what runs is cancelled"});
  }
}

// ---- what is said of it ----

void StudyOperator::read_run(Followed& followed) {
  if (followed.directory.empty()) return;
  const std::filesystem::path path = followed.directory / "status.json";
  std::error_code error;
  const auto changed_at = std::filesystem::last_write_time(path, error);
  if (error || changed_at == followed.read_at) return;
  followed.read_at = changed_at;
  const auto run = read_status(path);
  if (!run) return;
  const StudyObjectStatus before = followed.status;
  put_run(followed.status, *run, clock_.now());
  if (auto event = event_of_change(before, followed.status)) tell(followed.object, *event);
}

void StudyOperator::write(Followed& followed) {
  if (followed.is_writing) return;
  const Steady now = clock_.steady();
  if (followed.written_at && now - *followed.written_at < kTick) return;
  date_conditions(followed.status, followed.written, clock_.now());
  if (followed.status == followed.written) return;
  followed.is_writing = true;
  followed.written_at = now;
  followed.written = followed.status;
  const StudyObject& object = followed.object;
  api_->ask(api_->merge(std::string(kStudyGroup), "studies/" + object.name + "/status",
                        status_patch(object, followed.status), object.namespace_name),
            [this, uid = object.uid, name = name_of_study(object)](const HttpResponse& response) {
              Followed* again = find(uid);
              if (again) again->is_writing = false;
              if (response.status / 100 == 2 || response.status == kStatusMissing) return;
              log::warning("study " + name + ": its status: " + cluster_failure(response));
              if (!again) return;
              again->written = again->object.status;
              again->written_at = clock_.steady() + kApplyAgain;
            });
}

void StudyOperator::tell(const StudyObject& object, const StudyEvent& event) {
  api_->ask(api_->of_kind("POST", "/api/v1", "events", event_body(object, event, clock_.now()),
                          object.namespace_name),
            [name = name_of_study(object)](const HttpResponse& response) {
              if (response.status / 100 != 2)
                log::warning("study " + name + ": an event of it: " + cluster_failure(response));
            });
}

}  // namespace studyctl
