#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "engine/host_process.h"

// What a process may have for itself, as a container does: namespaces(7).
namespace studyctl {

// The flags of clone(2) that make them; those of a user namespace too where this process is not root.
// 0: none.
int clone_flags(const OwnNamespaces& wanted);

// For the first process of namespaces that clone_flags() made, which was `user` and `group` before it, and in
// it alone: makes them what the workload is to see, itself (enter_private_root()), /proc, and the network's
// loopback. Unavailable: the kernel does not let it, and which step.
Result<void> furnish(const OwnNamespaces& wanted, uid_t user, gid_t group);

// Whether the kernel lets this user make them: tried with a process that does nothing. Any thread.
// Unavailable: it does not, and what to do.
Result<void> try_namespaces(const OwnNamespaces& wanted);

// clone(2) with these flags, as fork(2): of processes of one thread. -1 and errno where it fails.
int fork_into(int flags);

}  // namespace studyctl
