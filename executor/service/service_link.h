#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/http_client.h"

namespace studyctl {

// How a service is reached, and by what it knows who asks.
struct ServiceLink {
  HttpAddress address;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Asks it, and waits for the answer, whatever its status. Unavailable when there is none.
Result<HttpResponse> ask(const ServiceLink& link, HttpRequest request);

}  // namespace studyctl
