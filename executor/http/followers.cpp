#include "http/followers.h"

#include <poll.h>

#include <vector>

namespace studyctl {
namespace {

constexpr Duration kLook{100};
constexpr size_t kLarge = 32 << 10;  // a part of that size has more behind it

// As one chunk; the end of the answer where there is nothing.
std::string chunk_of(const std::optional<std::string>& part) {
  if (!part) return "0\r\n\r\n";
  char size[20];
  const int digits = std::snprintf(size, sizeof size, "%zx\r\n", part->size());
  return std::string(size, static_cast<size_t>(digits)) + *part + "\r\n";
}

bool has_gone(const pollfd& looked) {
  return (looked.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

}  // namespace

Followers::~Followers() {
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Followers::take(Fd connection, std::unique_ptr<Wire> wire, More more) {
  std::lock_guard lock(mutex_);
  new_.push_back({std::move(connection), std::move(wire), std::move(more), {}, SystemClock().steady()});
  ++count_;
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_all();
}

size_t Followers::count() const {
  std::lock_guard lock(mutex_);
  return count_;
}

void Followers::wait_for_all(Duration patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return count_ == 0; });
}

void Followers::run() {
  std::list<Follower> followers;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return is_ending_ || !new_.empty() || !followers.empty(); });
    if (is_ending_) return;
    followers.splice(followers.end(), new_);
    lock.unlock();
    look_after(followers);
    lock.lock();
    count_ = followers.size() + new_.size();
    if (count_ == 0) changed_.notify_all();
  }
}

// Sends what there is, then waits for a moment, or for one that goes or takes more.
void Followers::look_after(std::list<Follower>& followers) const {
  std::erase_if(followers, [this](Follower& follower) { return !go_on(follower); });
  std::vector<pollfd> looked;
  looked.reserve(followers.size());
  bool has_more = false;
  for (const Follower& follower : followers) {
    const bool is_behind = !follower.unsent.empty();
    has_more = has_more || (follower.was_large && !is_behind);
    const short events = POLLRDHUP | (is_behind ? POLLOUT : 0);
    looked.push_back({follower.connection.get(), events, 0});
  }
  if (poll(looked.data(), looked.size(), has_more ? 0 : static_cast<int>(kLook.count())) <= 0) return;
  size_t at = 0;
  std::erase_if(followers, [&](const Follower&) { return has_gone(looked[at++]); });
}

// False when nothing more is to be done for it.
bool Followers::go_on(Follower& follower) const {
  if (follower.unsent.empty() && !follower.is_over) {
    const std::optional<std::string> part = follower.more();
    follower.was_large = part && part->size() >= kLarge;
    if (part && part->empty()) {
      follower.sent_at = SystemClock().steady();
      return true;
    }
    follower.is_over = !part.has_value();
    follower.unsent = chunk_of(part);
  }
  if (!send(follower)) return false;
  if (!follower.unsent.empty() || !follower.is_over) return true;
  follower.wire->end();
  return false;
}

// As much as it takes now.
bool Followers::send(Follower& follower) const {
  const Steady now = SystemClock().steady();
  size_t sent = 0;
  while (sent < follower.unsent.size()) {
    const ssize_t taken =
        follower.wire->write(follower.unsent.data() + sent, follower.unsent.size() - sent, now);
    if (taken <= 0) break;
    sent += static_cast<size_t>(taken);
  }
  follower.unsent.erase(0, sent);
  follower.unsent.shrink_to_fit();
  if (sent > 0) follower.sent_at = now;
  return now - follower.sent_at < patience_;
}

}  // namespace studyctl
