#pragma once

#include <cstdint>
#include <string>

#include "io/http_client.h"

namespace studyctl {

// What an engine meant by an answer that is no success. Podman says most things with 500, so its `cause`
// decides there.
enum class ApiFailure : uint8_t {
  None,         // 2xx and 304
  NoSuchThing,  // 404: no such container
  NoSuchImage,
  NameTaken,     // create: a container of that name is there already
  WrongState,    // kill of one that does not run, removal without force of one that does
  BeingRemoved,  // removal is under way already
  Other,
};
ApiFailure classify(const HttpResponse& response);

// What the engine says went wrong, for people, with Podman's cause: never empty, one line.
std::string failure_message(const HttpResponse& response);

// True when a start failed since a device or its driver is not there: "unresolvable CDI devices", NVIDIA's
// hook.
bool is_device_failure(const std::string& message);

}  // namespace studyctl
