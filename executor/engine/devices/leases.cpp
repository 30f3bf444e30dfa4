#include "engine/devices/leases.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>

#include "engine/devices/inventory.h"
#include "engine/devices/lease_files.h"

namespace studyctl {
namespace {

constexpr Duration kLockAgain{100};
constexpr Duration kLookAgain{1000};

std::string held_text(const Device& device, const DeviceHolder& holder) {
  std::string text = device.name() + " is held by " + holder.name;
  if (!holder.study.empty()) text += " of study " + holder.study;
  return text;
}

// The kernel refuses O_CREAT on another's file in a sticky directory, so
// one that is there is opened without.
Result<Fd> open_lock_file(const std::filesystem::path& directory) {
  make_lease_directory(directory);
  const auto path = directory / "lock";
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && errno == ENOENT)
    file = Fd(open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return errno_error(path.string());
  return file;
}

}  // namespace

Result<std::vector<Device>> choose_devices(const std::vector<Device>& inventory, const HeldDevices& held,
                                           const Unfit& unfit, const std::vector<DeviceRequest>& wanted) {
  std::vector<Device> chosen;
  if (wanted.empty() && unfit.for_heat) {
    const auto& [name, why] = *unfit.devices.begin();
    return Error{ErrorCode::Conflict, "waits: " + name + " " + why};
  }
  for (const DeviceRequest& request : wanted) {
    if (request.kind.starts_with('/')) {
      auto device = plain_device(request.kind);
      if (!device) return Error{ErrorCode::NotFound, std::move(device).error().message};
      if (const auto holder = held.find(request.kind); holder != held.end()) {
        return Error{ErrorCode::Conflict, "waits for " + held_text(*device, holder->second)};
      }
      chosen.push_back(std::move(*device));
      continue;
    }
    int there = 0;
    int found = 0;
    std::string holders;
    for (const Device& device : inventory) {
      if (device.kind != request.kind) continue;
      ++there;
      if (found == request.count) continue;
      if (const auto holder = held.find(device.name()); holder != held.end()) {
        holders += (holders.empty() ? "" : "; ") + held_text(device, holder->second);
        continue;
      }
      if (const auto why = unfit.devices.find(device.name()); why != unfit.devices.end()) {
        holders += (holders.empty() ? "" : "; ") + device.name() + " " + why->second;
        continue;
      }
      chosen.push_back(device);
      ++found;
    }
    const std::string asked = std::to_string(request.count) + " " + request.kind;
    if (there < request.count) {
      return Error{ErrorCode::NotFound,
                   "asks for " + asked + ", and this machine has " + std::to_string(there)};
    }
    if (found < request.count) return Error{ErrorCode::Conflict, "waits for " + asked + ": " + holders};
  }
  return chosen;
}

Leases::Leases(EventLoop& loop, std::filesystem::path directory, ListHeld list_held, View view)
    : loop_(loop),
      directory_(std::move(directory)),
      list_held_(std::move(list_held)),
      view_(std::move(view)) {}

Leases::~Leases() {
  if (timer_set_) loop_.cancel(timer_);
}

void Leases::set_inventory(std::vector<Device> devices) {
  inventory_ = std::move(devices);
  has_inventory_ = true;
  serve_soon(Duration(0));
}

Leases::Ticket Leases::acquire(Wanted wanted, Progress progress, Granted granted) {
  const Ticket ticket = next_++;
  waiting_.push_back({ticket, std::move(wanted), std::move(progress), std::move(granted), {}});
  serve_soon(Duration(0));
  return ticket;
}

void Leases::release(Ticket ticket) {
  std::erase_if(waiting_, [ticket](const Waiter& waiter) { return waiter.ticket == ticket; });
  if (owner_ != ticket) return;
  owner_ = 0;
  lock_ = Fd();
  serve_soon(Duration(0));
}

void Leases::poke() {
  if (!waiting_.empty()) serve_soon(Duration(0));
}

void Leases::serve_soon(Duration delay) {
  if (timer_set_) loop_.cancel(timer_);
  timer_set_ = true;
  timer_ = loop_.after(delay, [this] {
    timer_set_ = false;
    serve();
  });
}

// Who waits for long must not keep those from choosing whose devices are free: the queue is looked through
// whole.
void Leases::serve() {
  if (owner_ != 0 || waiting_.empty() || !has_inventory_) return;
  if (!lock()) return serve_soon(kLockAgain);
  owner_ = waiting_.front().ticket;
  list_held_([this, ticket = owner_](Result<HeldDevices> held) {
    if (owner_ == ticket) choose(std::move(held));
  });
}

bool Leases::lock() {
  auto file = open_lock_file(directory_);
  if (!file) {
    for (const Waiter& waiter : waiting_)
      waiter.progress("waits for the lease directory: " + file.error().message);
    return false;
  }
  if (flock(file->get(), LOCK_EX | LOCK_NB) != 0) return false;
  lock_ = std::move(*file);
  return true;
}

void Leases::choose(Result<HeldDevices> held) {
  for (const LeaseFile& lease : held ? read_leases(directory_) : std::vector<LeaseFile>())
    for (const std::string& device : lease.devices)
      (*held)[device] = {"process " + lease.holder, lease.study};
  for (size_t i = 0; i < waiting_.size(); ++i) {
    if (!held) {
      waiting_[i].progress("waits for its devices: who holds them cannot be listed: " + held.error().message);
      continue;
    }
    auto chosen = choose_for(waiting_[i], *held);
    if (!chosen && chosen.error().code == ErrorCode::Conflict) {
      waiting_[i].progress(chosen.error().message);
      continue;
    }
    Waiter waiter = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    owner_ = waiter.ticket;
    return grant(waiter, std::move(chosen));
  }
  owner_ = 0;
  lock_ = Fd();
  serve_soon(kLookAgain);
}

Result<std::vector<Device>> Leases::choose_for(Waiter& waiter, const HeldDevices& held) {
  DeviceView view = view_(waiter.wanted.rules);
  if (waiter.hot_since) view.heat_borne = view.now - *waiter.hot_since;
  const Unfit unfit = unfit_devices(inventory_, waiter.wanted.rules, view);
  auto chosen = choose_devices(inventory_, held, unfit, waiter.wanted.devices);
  if (!chosen && unfit.for_heat && !waiter.hot_since) waiter.hot_since = view.now;
  if (!chosen || !waiter.wanted.warn) return chosen;
  for (const auto& [name, how_hot] : unfit.hot) {
    const auto is_it = [&name = name](const Device& device) { return device.name() == name; };
    if (chosen->empty() || std::any_of(chosen->begin(), chosen->end(), is_it))
      waiter.wanted.warn(name + " " + how_hot + " at its start: cooldown.maxWait was over");
  }
  return chosen;
}

void Leases::grant(const Waiter& waiter, Result<std::vector<Device>> devices) {
  const bool is_refused = !devices;
  waiter.granted(std::move(devices));
  if (is_refused) release(waiter.ticket);
}

}  // namespace studyctl
