#include "engine/kubernetes/kubernetes_engine.h"

#include "base/log.h"
#include "engine/docker/api_json.h"
#include "engine/kubernetes/cluster_nodes.h"
#include "engine/kubernetes/job_body.h"
#include "engine/kubernetes/rights.h"
#include "engine/kubernetes/trial.h"
#include "engine/labels.h"

namespace studyctl {
namespace {

using Phase = Observation::Phase;

ObjectWatch<PodView>::Source pods_of(const ClusterApi& api, const std::string& volume) {
  const std::string selector = query_escape(kVolumeLabel + ("=" + volume));
  return {"pods",
          [&api, selector](const std::string& query) {
            return api.get_pods("?labelSelector=" + selector + "&" + query);
          },
          parse_pod_list, parse_pod_change};
}

}  // namespace

KubernetesEngine::KubernetesEngine(EventLoop& loop, ClusterAccess access, ObservationSink sink,
                                   std::string volume, ClusterOptions options)
    : sink_(std::move(sink)),
      volume_(std::move(volume)),
      options_(std::move(options)),
      api_(loop, std::move(access)),
      watch_(api_, pods_of(api_, volume_),
             {[this](const PodView& pod) { on_pod(pod); }, [this](const PodView& pod) { on_deleted(pod); }}) {
  watch_.list({});
}

// ---- what the controller asks ----

void KubernetesEngine::inspect(std::function<void(Result<Inventory>)> done) {
  api_.once(api_.get("/version"), [this, done = std::move(done)](const Result<HttpResponse>& answer) {
    const std::string where = api_.access().name + " (" + api_.access().address.text() + ")";
    if (!answer) return done(Error{ErrorCode::Unavailable, where + ": " + answer.error().message});
    if (answer->status != 200)
      return done(Error{ErrorCode::Unavailable, where + ": " + cluster_failure(*answer)});
    on_version(*answer, done);
  });
}

void KubernetesEngine::on_version(const HttpResponse& response, std::function<void(Result<Inventory>)> done) {
  Inventory inventory;
  inventory.engine = "Kubernetes " + parse_cluster_version(response.body);
  inventory.endpoint = api_.access().address.text();
  inventory.kind = "kubernetes";
  api_.once(api_.get("/api/v1/nodes"),
            [this, inventory, done = std::move(done)](const Result<HttpResponse>& answer) mutable {
              if (!answer) return done(answer.error());
              add_nodes(answer->status == 200 ? answer->body : std::string(), inventory);
              if (options_.looks_only) return done(inventory);
              check_rights(api_, [inventory, done, where = api_.access().name](const Result<void>& rights) {
                if (!rights) return done(Error(rights.error()).within(where));
                done(inventory);
              });
            });
}

void KubernetesEngine::prepare_image(const std::string&, PullPolicy,
                                     std::function<void(Result<std::string>)> done) {
  api_.after(Duration(0), [done = std::move(done)] { done(std::string()); });
}

void KubernetesEngine::try_out(const AttemptSpec& spec, std::function<void(Result<void>)> done) {
  std::optional<CarriedPod> carried;
  if (options_.carry.is_on())
    if (auto pod = carried_pod(spec, options_.carry)) carried.emplace(*std::move(pod));
  try_job(api_, job_body(spec, options_.results, carried ? &*carried : nullptr), std::move(done));
}

void KubernetesEngine::create(const AttemptSpec& spec) {
  if (ClusterAttempt* known = find(spec.id)) return known->repeat();
  add(spec).create();
}

void KubernetesEngine::start(const AttemptId& attempt) {
  if (ClusterAttempt* known = find(attempt)) return known->start();
  miss(attempt);
}

// Nothing of it is in the cluster before its start; whether its files are made is not known here.
void KubernetesEngine::miss(const AttemptId& attempt) {
  Observation missing;
  missing.attempt = attempt;
  missing.reason = Reason::Lost;
  missing.message = "the engine does not know it";
  tell(std::move(missing));
}

void KubernetesEngine::stop(const AttemptId& attempt, Duration grace) {
  if (ClusterAttempt* known = find(attempt)) known->stop(grace);
}

void KubernetesEngine::forget(const AttemptId& attempt) {
  if (ClusterAttempt* known = find(attempt)) return known->forget();
  AttemptSpec nameless;
  nameless.id = attempt;
  ClusterAttempt& added = add(nameless);
  // Not adopted: nothing that it says is kept.
  for (const auto& [uid, pod] : watch_.objects()) {
    if (pod.attempt == attempt.text) added.on_pod(pod);
  }
  added.forget();
}

std::string KubernetesEngine::command_line(const AttemptSpec& spec) const {
  return job_by_hand(spec, options_.results);
}

ClusterAttempt* KubernetesEngine::find(const AttemptId& attempt) {
  const auto found = attempts_.find(attempt);
  return found == attempts_.end() ? nullptr : found->second.get();
}

ClusterAttempt& KubernetesEngine::add(const AttemptSpec& spec) {
  if (const std::string run = label_of(spec.labels, kRunLabel); !run.empty()) runs_.insert(run);
  auto& slot = attempts_[spec.id];
  slot = std::make_unique<ClusterAttempt>(api_, warnings_, options_, spec,
                                          [this](Observation seen) { tell(std::move(seen)); });
  return *slot;
}

// ---- telling ----

// Never from within a call: what is told is delivered when the loop comes round.
void KubernetesEngine::tell(Observation observation) {
  told_.push_back(std::move(observation));
  if (told_.size() == 1) api_.after(Duration(0), [this] { deliver(); });
}

void KubernetesEngine::deliver() {
  for (Observation& observation : std::exchange(told_, {})) {
    if (observation.phase == Phase::Gone) attempts_.erase(observation.attempt);
    sink_(std::move(observation));
  }
}

void KubernetesEngine::on_pod(const PodView& pod) {
  if (ClusterAttempt* attempt = find(AttemptId{pod.attempt})) return attempt->on_pod(pod);
  on_strange_pod(pod);
}

// A Job controller that had not heard yet that its Job was taken away has made another pod, which would run
// the attempt once more.
void KubernetesEngine::on_strange_pod(const PodView& pod) {
  if (pod.is_leaving || !runs_.contains(pod.run)) return;
  log::warning("the cluster made pod " + pod.name + " of an attempt that is over: it is removed");
  api_.ask(api_.remove_job(pod.attempt, "propagationPolicy=Background"), [](const HttpResponse&) {});
  api_.ask(api_.remove_pod(pod.name, least_grace(pod)), [](const HttpResponse&) {});
}

void KubernetesEngine::on_deleted(const PodView& pod) {
  if (ClusterAttempt* attempt = find(AttemptId{pod.attempt})) attempt->on_deleted(pod);
}

// ---- after a crash of the controller ----

void KubernetesEngine::resync(std::vector<Expected> expected, std::function<void(Result<void>)> done) {
  resync_ = std::make_unique<Resync>();
  resync_->expected = std::move(expected);
  resync_->done = std::move(done);
  list_jobs("");
}

void KubernetesEngine::list_jobs(const std::string& next) {
  const std::string selector = query_escape(kVolumeLabel + ("=" + volume_));
  const std::string page = next.empty() ? "" : "&continue=" + query_escape(next);
  api_.insist(
      api_.get_jobs("?limit=500&labelSelector=" + selector + page), [](const std::string&) {},
      [this](const HttpResponse& response) { on_jobs(response); });
}

// Jobs before pods: a pod without its Job is one that is leaving.
void KubernetesEngine::on_jobs(const HttpResponse& response) {
  if (response.status != 200)
    return end_resync(Error{ErrorCode::Unavailable, "the cluster's jobs: " + cluster_failure(response)});
  const ListedJobs listed = parse_job_list(response.body);
  for (const auto& [name, run] : listed.runs) {
    if (!listed.ended.contains(name)) resync_->jobs.insert(name);
    resync_->runs[name] = run;
  }
  if (!listed.next.empty()) return list_jobs(listed.next);
  watch_.list([this] { on_all_listed(); });
}

void KubernetesEngine::on_all_listed() {
  if (!resync_) return;
  for (const Expected& one : resync_->expected) take_up(one);
  std::set<AttemptId> expected;
  for (const Expected& one : resync_->expected) expected.insert(one.spec.id);
  for (const auto& [id, attempt] : attempts_) {
    if (!expected.contains(id)) attempt->forget();
  }
  remove_strangers();
  // Behind what was told of each.
  api_.after(Duration(0), [this] { end_resync({}); });
}

void KubernetesEngine::take_up(const Expected& one) {
  if (ClusterAttempt* known = find(one.spec.id)) return known->repeat();
  std::vector<PodView> pods;
  for (const auto& [uid, pod] : watch_.objects()) {
    if (pod.attempt == one.spec.id.text) pods.push_back(pod);
  }
  if (pods.empty() && !resync_->jobs.contains(one.spec.id.text)) return miss(one.spec.id);
  ClusterAttempt& adopted = add(one.spec);
  adopted.adopt(std::move(pods));
}

// What bears this volume's label and belongs to nothing that is known was left by a dead controller.
void KubernetesEngine::remove_strangers() {
  std::unordered_map<std::string, std::string> strangers = resync_->runs;
  for (const auto& [uid, pod] : watch_.objects()) strangers[pod.attempt] = pod.run;
  int removed = 0;
  for (const auto& [name, run] : strangers) {
    if (find(AttemptId{name}) || (options_.is_of_another && options_.is_of_another(run))) continue;
    forget(AttemptId{name});
    ++removed;
  }
  for (const auto& [name, run] : list_depots(options_.carry.depots)) {
    const bool is_others = options_.is_of_another && !run.empty() && options_.is_of_another(run);
    const auto depot = Depot::of(options_.carry.depots, name);
    if (depot && !find(AttemptId{name}) && !is_others) depot->close();
  }
  if (removed > 0) log::warning("removing " + std::to_string(removed) + " Jobs that nothing is known of");
}

void KubernetesEngine::end_resync(Result<void> result) {
  if (!resync_) return;
  const auto done = std::move(resync_->done);
  resync_.reset();
  done(std::move(result));
}

}  // namespace studyctl
