#include "engine/process/process_lease.h"

#include <utility>

#include "engine/devices/lease_files.h"
#include "engine/labels.h"

namespace studyctl {

ProcessLease::~ProcessLease() {
  if (ticket_) devices_.leases().release(*ticket_);
  held_ = Fd();
  if (file_.empty()) return;
  drop_lease(file_);
  devices_.leases().poke();
}

void ProcessLease::acquire(const AttemptSpec& spec, Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  ticket_ = devices_.leases().acquire({spec.devices, spec.device_rules, callbacks_.warn}, callbacks_.progress,
                                      [this, spec](Result<std::vector<Device>> devices) {
                                        auto taken = devices ? Result<void>() : Result<void>(devices.error());
                                        if (taken) {
                                          granted_ = *std::move(devices);
                                          taken = take(spec);
                                        }
                                        devices_.leases().release(*std::exchange(ticket_, std::nullopt));
                                        const Callbacks told =
                                            callbacks_;  // whoever is told may let go of us
                                        if (taken)
                                          told.granted();
                                        else
                                          told.refused(taken.error().message);
                                      });
}

Result<void> ProcessLease::take(const AttemptSpec& spec) {
  if (granted_.empty()) return {};
  const auto& directory = devices_.places().leases;
  auto held = take_lease(directory, {spec.id.text, label_of(spec.labels, "studyctl.io/study"), names()});
  if (!held) return std::move(held).error();
  held_ = *std::move(held);
  file_ = lease_file_of(directory, spec.id.text);
  return {};
}

std::vector<std::string> ProcessLease::names() const {
  std::vector<std::string> names;
  for (const Device& device : granted_) names.push_back(device.name());
  return names;
}

}  // namespace studyctl
