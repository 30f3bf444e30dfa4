#include "engine/docker/images.h"

#include <algorithm>

#include "base/text.h"
#include "engine/docker/api_error.h"
#include "engine/docker/api_json.h"
#include "engine/docker/registry_auth.h"
#include "io/line_splitter.h"

namespace studyctl {
namespace {

constexpr int kPullsAtOnce = 3;
constexpr Duration kProgressEvery{1000};

}  // namespace

// An image on its way.
struct Images::Work {
  explicit Work(EngineApi& api) : calls(api) {}

  std::string image;
  PullPolicy policy = PullPolicy::IfNotPresent;
  std::vector<Waiter> waiters;
  bool pulling = false;
  std::string failure;
  std::map<std::string, PullLine> layers;
  Steady told_at{};
  LineSplitter lines;
  Calls calls;
  std::unique_ptr<ProgramTask> helper;  // that is asked for the login

  std::string progress() const {
    int64_t current = 0, total = 0, done = 0;
    for (const auto& [id, layer] : layers) {
      current += layer.current;
      total += layer.total;
      done += layer.status == "Pull complete" || layer.status == "Already exists" ||
              layer.status == "Download complete";
    }
    std::string text = "pulls " + image;
    if (!layers.empty())
      text += ": " + std::to_string(done) + " of " + std::to_string(layers.size()) + " layers";
    if (total > 0) text += ", " + human_bytes(current) + " of " + human_bytes(total);
    return text;
  }
};

Images::Images(EngineApi& api) : api_(api) {}
Images::~Images() = default;

std::optional<std::string> Images::known(const std::string& image, PullPolicy policy) const {
  if (policy == PullPolicy::Always) return std::nullopt;
  const auto found = known_.find(image);
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

Images::Ticket Images::ensure(const std::string& image, PullPolicy policy, Progress progress, Done done) {
  const Ticket ticket = next_ticket_++;
  auto& work = works_[{image, policy}];
  const bool is_new = work == nullptr;
  if (is_new) {
    work = std::make_unique<Work>(api_);
    work->image = image;
    work->policy = policy;
  }
  work->waiters.push_back({ticket, std::move(progress), std::move(done)});
  if (!is_new) return ticket;
  if (policy == PullPolicy::Always) {
    queue(*work);
  } else {
    look(*work);
  }
  return ticket;
}

void Images::drop(Ticket ticket) {
  for (auto& [key, work] : works_) {
    std::erase_if(work->waiters, [ticket](const Waiter& waiter) { return waiter.ticket == ticket; });
    if (!work->waiters.empty()) continue;
    if (work->pulling) --pulling_;
    std::erase(queue_, work.get());
    works_.erase(key);
    pull_next();
    return;
  }
}

void Images::look(Work& work) {
  work.calls.ask(
      api_.get("/images/" + query_escape(work.image) + "/json"), [this, &work](const HttpResponse& response) {
        if (classify(response) == ApiFailure::None) {
          auto image = parse_image(response.body);
          return finish(work, image ? Result<std::string>(image->id) : Result<std::string>(image.error()));
        }
        if (response.status != 404) {
          return finish(
              work, Error{ErrorCode::Unavailable, "image " + work.image + ": " + failure_message(response)});
        }
        if (work.policy == PullPolicy::Never) {
          return finish(work, Error{ErrorCode::NotFound,
                                    "image " + work.image + " is not on this machine, and imagePullPolicy: " +
                                        "Never forbids to pull it; build or load it first"});
        }
        queue(work);
      });
}

void Images::queue(Work& work) {
  queue_.push_back(&work);
  if (pulling_ >= kPullsAtOnce) return;
  work.calls.after(Duration(0), [this] { pull_next(); });
}

void Images::pull_next() {
  while (pulling_ < kPullsAtOnce && !queue_.empty()) {
    Work& work = *queue_.front();
    queue_.pop_front();
    pull(work);
  }
}

void Images::pull(Work& work) {
  ++pulling_;
  work.pulling = true;
  work.calls.after(Duration(0), [this, &work] { log_in(work); });
}

void Images::log_in(Work& work) {
  const std::string registry = parse_image_reference(work.image).registry;
  auto login = registry_login(registry, auth_files());
  if (!login) return request(work, std::move(login).error());
  if (login->helper.empty()) return request(work, login->header);
  const auto answered = [this, &work, helper = login->helper, registry](const Result<ProgramOutput>& answer) {
    request(work, header_from(helper, registry, answer));
  };
  work.helper = std::make_unique<ProgramTask>(api_.loop(), question_to(login->helper, registry),
                                              ProgramLimits{}, answered);
}

void Images::request(Work& work, const Result<std::string>& login) {
  if (!login) return on_pulled(work, login.error());
  const ImageReference reference = parse_image_reference(work.image);
  std::string path = "/images/create?fromImage=" + query_escape(reference.repository);
  if (!reference.tag.empty()) path += "&tag=" + query_escape(reference.tag);
  HttpRequest request = api_.post(path);
  request.timeout.reset();
  if (!login->empty()) request.headers.emplace_back("X-Registry-Auth", *login);
  for (const Waiter& waiter : work.waiters) waiter.progress(work.progress());
  work.calls.stream(
      std::move(request), [](const HttpResponse&) {},
      [this, &work](std::string_view bytes) {
        work.lines.feed(bytes, [&](std::string_view line) { on_line(work, line); });
        return true;
      },
      [this, &work](const Result<HttpResponse>& answer) { on_pulled(work, answer); });
}

void Images::on_line(Work& work, std::string_view line) {
  const PullLine pulled = parse_pull_line(line);
  if (!pulled.error.empty()) work.failure = pulled.error;
  if (!pulled.layer.empty() && pulled.status.find("Pulling from") == std::string::npos) {
    PullLine& layer = work.layers[pulled.layer];
    layer.status = pulled.status;
    if (pulled.total > 0) layer.current = pulled.current, layer.total = pulled.total;
  }
  const Steady now = api_.loop().clock().steady();
  if (now - work.told_at < kProgressEvery) return;
  work.told_at = now;
  for (const Waiter& waiter : work.waiters) waiter.progress(work.progress());
}

void Images::on_pulled(Work& work, const Result<HttpResponse>& answer) {
  work.lines.finish([&](std::string_view line) { on_line(work, line); });
  work.pulling = false;
  --pulling_;
  pull_next();
  if (!answer)
    return finish(work, Error{ErrorCode::Unavailable, "image " + work.image + ": " + answer.error().message});
  if (answer->status >= 400 && work.failure.empty())
    work.failure = "HTTP status " + std::to_string(answer->status);
  look_after_pull(work);
}

// The stream's end alone does not prove that the image came.
void Images::look_after_pull(Work& work) {
  work.calls.ask(
      api_.get("/images/" + query_escape(work.image) + "/json"), [this, &work](const HttpResponse& response) {
        auto image = classify(response) == ApiFailure::None
                         ? parse_image(response.body)
                         : Result<ImageView>(Error{ErrorCode::NotFound, "not there"});
        if (!work.failure.empty() || !image) {
          const std::string why =
              work.failure.empty() ? "it is not there after the pull" : printable(to_utf8(work.failure));
          return finish(work, Error{ErrorCode::Unavailable, "cannot pull image " + work.image + ": " + why});
        }
        finish(work, image->id);
      });
}

void Images::finish(Work& work, Result<std::string> result) {
  if (result) known_[work.image] = *result;
  const auto found = works_.find({work.image, work.policy});
  const std::unique_ptr<Work> owned = std::move(found->second);
  works_.erase(found);
  for (const Waiter& waiter : owned->waiters) waiter.done(result);
}

}  // namespace studyctl
