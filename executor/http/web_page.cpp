#include "http/web_page.h"

#include <map>
#include <string>

#include "base/hash.h"
#include "base/text.h"

namespace studyctl {
namespace {

constexpr std::string_view kBelow = "/web/";
constexpr std::string_view kIndex = "index.html";
constexpr std::string_view kApi = "/openapi.json";

// Nothing from elsewhere, nothing inline, in nobody's frame.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::pair<std::string_view, const char*> kTypes[] = {
    {".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},   {".svg", "image/svg+xml"},
    {".json", "application/json"},         {".txt", "text/plain; charset=utf-8"}};

const char* type_of(std::string_view name) {
  for (const auto& [ending, type] : kTypes)
    if (name.ends_with(ending)) return type;
  return "application/octet-stream";
}

struct KnownAsset {
  std::string_view content;
  std::string tag;
};

const std::map<std::string_view, KnownAsset>& known_assets() {
  static const std::map<std::string_view, KnownAsset> known = [] {
    std::map<std::string_view, KnownAsset> all;
    for (const WebAsset& asset : web_assets())
      all[asset.name] = {asset.content, "\"" + sha256_hex(asset.content).substr(0, 32) + "\""};
    return all;
  }();
  return known;
}

}  // namespace

std::optional<ApiResponse> web_page(const ApiRequest& request) {
  const std::string_view path = request.path;
  if (path != "/" && path != kApi && !path.starts_with(kBelow)) return std::nullopt;
  if (request.method != "GET" && request.method != "HEAD")
    return problem(405, request.method + ": only GET is answered here");
  const std::string_view name = path == "/"    ? kIndex
                                : path == kApi ? kApi.substr(1)
                                               : path.substr(kBelow.size());
  const auto asset = known_assets().find(name);
  if (asset == known_assets().end()) return problem(404, printable(request.path) + ": is not here");
  // Asked for again by its tag: another studyctl has other files under the same names.
  ApiResponse response{200,
                       std::string(asset->second.content),
                       type_of(name),
                       {{"ETag", asset->second.tag},
                        {"Cache-Control", "no-cache"},
                        {"Content-Security-Policy", kPolicy},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Referrer-Policy", "no-referrer"}}};
  const auto held = request.headers.find("if-none-match");
  if (held == request.headers.end() || held->second != asset->second.tag) return response;
  response.status = 304;
  response.body.clear();
  return response;
}

}  // namespace studyctl
