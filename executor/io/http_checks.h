#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "io/http_client.h"

// What HttpClient needs to know that curl does not tell it.
namespace studyctl {

// Why a request cannot be sent as it is: names and values come from elsewhere, and may not break a line.
std::optional<Error> fault_of(const HttpRequest& request);

// The errno of connecting to a Unix socket; 0 when that works now.
int connect_errno(const std::string& unix_socket);

}  // namespace studyctl
