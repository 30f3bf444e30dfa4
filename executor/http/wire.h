#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace studyctl {

// Who the other side is, by a certificate that was checked.
struct Peer {
  std::string name;                        // its common name
  std::vector<std::string> organizations;  // as Kubernetes reads groups
};

// The bytes of an accepted connection, as they are or through TLS. One thread. The descriptor is its owner's.
class Wire {
 public:
  virtual ~Wire() = default;
  // How many came or went, at least one; 0: the other side has closed; -1: nothing did until `deadline`, or
  // the connection is broken.
  virtual ssize_t read(char* to, size_t size, Steady deadline) = 0;
  virtual ssize_t write(const char* from, size_t size, Steady deadline) = 0;
  // Bytes are here that the descriptor does not tell of.
  virtual bool has_more() const = 0;
  // Nothing where the other side showed no certificate.
  virtual std::optional<Peer> peer() const { return std::nullopt; }
  // Nothing more is written.
  virtual void end() = 0;
};

std::unique_ptr<Wire> plain_wire(int fd);

// True once `events` of poll(2) are there; false when they are not until `deadline`.
bool wait_for(int fd, short events, Steady deadline);

}  // namespace studyctl
