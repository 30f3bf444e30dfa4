#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "http/server.h"

namespace studyctl {

// The page that shows studies to people: / and what it is made of, below /web/. The same for everybody, so
// that no token is asked for: what it shows it asks the API for. Nothing: the path is not the page's.
std::optional<ApiResponse> web_page(const ApiRequest& request);

// What CMake embeds: the files of executor/http/web/, the library that draws, and the licences of libraries.
struct WebAsset {
  std::string_view name;
  std::string_view content;
};
std::span<const WebAsset> web_assets();

}  // namespace studyctl
