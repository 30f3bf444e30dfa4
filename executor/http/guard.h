#pragma once

#include <optional>
#include <string>

#include "http/server.h"

namespace studyctl {

// What is wrong with a request before anything looks at what it asks for. A server on a Unix socket has no
// `host`; else the name or address that it listens at is the only one beside localhost that a request may be
// addressed to, so that no page of another site can reach it by a name of its own (DNS rebinding).
//
// cpp-httplib 0.41 percent-decodes header fields (CVE-2026-45372), reads bodies of unknown length, and takes
// forwarding headers from everybody: none of these comes further than this.
std::optional<ApiResponse> refuse(const ApiRequest& request, const std::string& host);

}  // namespace studyctl
