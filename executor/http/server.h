#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace studyctl {

struct ApiRequest {
  std::string method;
  std::string path;
  std::string body;
};

struct ApiResponse {
  int status = 200;
  std::string body;  // JSON
};

// Answers short JSON requests on a Unix socket that only its owner can reach. cpp-httplib lives in server.cpp
// alone, behind limits: 1 MiB a body, no chunked requests, short timeouts (engines' facts on 0.11.4: it
// bounds nothing itself). The answers are made on its own threads.
class Server {
 public:
  using Answer = std::function<ApiResponse(const ApiRequest&)>;

  // Listens at `socket` (made anew, mode 0600) until it is destroyed. Unavailable: the path is too long or
  // cannot be made.
  static Result<std::unique_ptr<Server>> listen(const std::filesystem::path& socket, Answer answer);
  virtual ~Server() = default;
};

}  // namespace studyctl
