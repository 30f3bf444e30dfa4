#include <set>

#include "engine/docker/api_error.h"
#include "engine/docker/docker_engine.h"
#include "engine/labels.h"

namespace studyctl {

void DockerEngine::resync(std::vector<Expected> expected, std::function<void(Result<void>)> done) {
  resync_ = std::make_unique<Resync>();
  resync_->expected = std::move(expected);
  resync_->done = std::move(done);
  calls_.ask(list_request(), [this](const HttpResponse& response) { on_resync_list(response); });
}

// The engine syncs how a container ended; nobody synced what it wrote, nor the files that it was to read.
bool DockerEngine::is_of_earlier_boot(const ListedContainer& container) const {
  const std::string boot = label_of(container.labels, kBootLabel);
  return !options_.boot.empty() && !boot.empty() && boot != options_.boot && container.state != "running";
}

void DockerEngine::on_resync_list(const HttpResponse& response) {
  const auto listed = parse_container_list(response.body);
  if (response.status != 200 || !listed) {
    const auto done = resync_->done;
    resync_.reset();
    return done(listed ? Error{ErrorCode::Unavailable, failure_message(response)} : listed.error());
  }
  resync_->listed = true;
  std::set<std::string> names, of_earlier_boot;
  for (const ListedContainer& container : *listed) {
    names.insert(container.name);
    if (is_of_earlier_boot(container)) of_earlier_boot.insert(container.name);
  }
  std::vector<Expected> expected = std::move(resync_->expected);
  for (const Expected& one : expected) resync_->open.insert(one.spec.id);
  for (const Expected& one : expected) {
    if (DockerAttempt* known = find(one.spec.id)) {
      known->repeat();
    } else if (!names.contains(one.spec.id.text)) {
      tell_missing(one.spec.id);
    } else if (of_earlier_boot.contains(one.spec.id.text)) {
      tell_missing(one.spec.id, Reason::Interrupted, "the machine went down before its files were safe");
    } else {
      add(one.spec).adopt(one.start_intended ? DockerAttempt::Intent::Started
                                             : DockerAttempt::Intent::Created);
    }
  }
  for (const auto& [id, attempt] : attempts_) {
    if (!resync_->open.contains(id)) attempt->forget();
  }
  may_reap_ = true;
  remove_strangers(*listed);
  if (resync_->open.empty()) calls_.after(Duration(0), [this] { end_resync(); });
}

void DockerEngine::resync_settled(const AttemptId& attempt) {
  if (resync_->open.erase(attempt) > 0 && resync_->open.empty() && resync_->listed) end_resync();
}

void DockerEngine::end_resync() {
  if (!resync_) return;
  const auto done = std::move(resync_->done);
  resync_.reset();
  done({});
}

}  // namespace studyctl
