#pragma once

#include <filesystem>
#include <string>

#include "http/server.h"

namespace studyctl {

// Where the depots of a volume are, and the key of their passes.
struct CarryHouse {
  std::filesystem::path depots;
  std::string key;
};

// What pods ask that carry an attempt's files, each with the pass of its attempt and its direction
// (Authorization: Bearer …), and nothing else:
//   - GET /carry/v1/<attempt>/in?offset=N: a piece of its inputs; X-Carry-Size says how many bytes they are;
//   - GET /carry/v1/<attempt>/end: goes on until its main container has ended;
//   - PUT /carry/v1/<attempt>/out?offset=N: a piece of what it left;
//   - POST /carry/v1/<attempt>/whole {"size", "sha256", "leftOut"}: all of it was sent;
//   - POST /carry/v1/<attempt>/failure: why nothing will be sent.
Server::Answer carry_routes(CarryHouse house);
// Refuses whoever has no pass before his body is read.
std::function<std::optional<ApiResponse>(ApiRequest&)> carry_admission(CarryHouse house);

inline constexpr size_t kCarryPiece = 4 << 20;
inline constexpr const char* kCarryPath = "/carry/v1/";
inline constexpr const char* kCarrySize = "X-Carry-Size";
inline constexpr const char* kCarryEnded = "ended";

}  // namespace studyctl
