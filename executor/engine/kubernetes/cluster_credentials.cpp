#include "engine/kubernetes/cluster_credentials.h"

#include <utility>

#include "base/log.h"

namespace studyctl {
namespace {

constexpr Duration kTokenIsFresh{60'000};
constexpr Duration kAskAgain{10'000};  // a program that failed, or gave what the cluster does not know
constexpr Duration kEarly{10'000};     // before its end a credential is not used any more
constexpr Duration kPatience{60'000};  // with a program

}  // namespace

ClusterCredentials::ClusterCredentials(EventLoop& loop, ClusterAccess access)
    : loop_(loop), access_(std::move(access)), token_(access_.token) {}

ClusterCredentials::~ClusterCredentials() = default;

void ClusterCredentials::when_known(std::function<void(const Result<void>&)> ready) {
  if (!access_.program) {
    read_token();
    return ready({});
  }
  if (is_given_ && !is_stale()) return ready({});
  const Steady now = loop_.clock().steady();
  if (!task_ && failure_ && now - *asked_at_ < kAskAgain) return ready(*failure_);
  waiting_.push_back(std::move(ready));
  if (!task_) run_program();
}

bool ClusterCredentials::is_stale() const {
  return expires_ && loop_.clock().now() >= *expires_ - kEarly;
}

// A cluster renews the tokens of pods in their files long before they expire.
void ClusterCredentials::read_token() {
  const Steady now = loop_.clock().steady();
  if (access_.token_file.empty() || (token_read_at_ && now - *token_read_at_ <= kTokenIsFresh)) return;
  token_read_at_ = now;
  auto token = current_token(access_);
  if (!token) return log::warning("the cluster's token: " + token.error().message);
  if (*token == token_) return;
  token_ = *std::move(token);
  ++version_;
}

bool ClusterCredentials::renew(uint64_t version) {
  if (version != version_) return true;
  if (access_.program) {
    if (task_ || (asked_at_ && loop_.clock().steady() - *asked_at_ < kAskAgain)) return false;
    is_given_ = false;
    return true;
  }
  token_read_at_.reset();
  read_token();
  if (version != version_ || reread()) return true;
  token_read_at_.reset();  // the next one looks again
  return false;
}

// People who log in anew have the kubeconfig written anew.
bool ClusterCredentials::reread() {
  if (!access_.reread) return false;
  auto now = access_.reread();
  if (!now || now->address.text() != access_.address.text()) return false;
  const bool is_same = now->token == access_.token && now->token_file == access_.token_file &&
                       now->address.certificate_pem == access_.address.certificate_pem &&
                       now->address.key_pem == access_.address.key_pem &&
                       now->address.ca_pem == access_.address.ca_pem && !now->program;
  if (is_same) return false;
  now->namespace_name = access_.namespace_name;
  now->reread = std::move(access_.reread);
  access_ = *std::move(now);
  token_ = access_.token;
  token_read_at_.reset();
  is_given_ = false;
  ++version_;
  read_token();
  return true;
}

void ClusterCredentials::run_program() {
  asked_at_ = loop_.clock().steady();
  failure_.reset();
  task_ = std::make_unique<ProgramTask>(
      loop_, access_.program->program, ProgramLimits{kPatience, 1u << 20},
      [this](const Result<ProgramOutput>& output) { on_given(read_credentials(*access_.program, output)); });
}

void ClusterCredentials::on_given(const Result<GivenCredentials>& given) {
  const auto task = std::move(task_);
  if (given) {
    token_ = given->token;
    expires_ = given->expires;
    access_.address.certificate_pem = given->certificate_pem;
    access_.address.key_pem = given->key_pem;
    is_given_ = true;
    ++version_;
  } else {
    failure_ = given.error();
  }
  const Result<void> known = given ? Result<void>() : Result<void>(given.error());
  for (const auto& ready : std::exchange(waiting_, {})) ready(known);
}

}  // namespace studyctl
