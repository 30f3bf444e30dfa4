#pragma once

#include <optional>
#include <string>

#include "http/server.h"

namespace studyctl {

// What is wrong with a request before anything looks at what it asks for. It must be addressed to localhost,
// to the address of `own` (where that is any, to an address), or to a name of it, so that no page of another
// site can reach it by a name of that site's (DNS rebinding); who reaches a Unix socket may say what he
// likes.
//
// cpp-httplib 0.41 percent-decodes header fields (CVE-2026-45372), reads bodies of unknown length, and takes
// forwarding headers from everybody: none of these comes further than this.
std::optional<ApiResponse> refuse(const ApiRequest& request, const ListenAddress& own);

}  // namespace studyctl
