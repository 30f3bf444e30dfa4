#include "http/web_page.h"

#include <gtest/gtest.h>

#include <regex>

namespace studyctl {
namespace {

std::optional<ApiResponse> ask(const std::string& path, const std::string& method = "GET",
                               const std::map<std::string, std::string>& headers = {}) {
  ApiRequest request;
  request.method = method;
  request.path = path;
  request.headers = headers;
  return web_page(request);
}

std::string header_of(const ApiResponse& response, const std::string& wanted) {
  for (const auto& [name, value] : response.headers)
    if (name == wanted) return value;
  return "";
}

TEST(WebPageTest, IsAtTheRootAndNowhereElse) {
  EXPECT_EQ(ask("/")->status, 200);
  EXPECT_EQ(ask("/")->type, "text/html; charset=utf-8");
  EXPECT_EQ(ask("/web/app.js")->type, "text/javascript; charset=utf-8");
  EXPECT_EQ(ask("/web/style.css")->type, "text/css; charset=utf-8");
  EXPECT_EQ(ask("/web/secret.js")->status, 404);
  EXPECT_EQ(ask("/", "POST")->status, 405);
  EXPECT_FALSE(ask("/api/v1/studies"));
  EXPECT_FALSE(ask("/status"));
}

TEST(WebPageTest, AllowsNothingInlineAndHasNothingInline) {
  for (const char* allowed : {"unsafe-inline", "unsafe-eval", "http:", "https:", "*"})
    EXPECT_EQ(header_of(*ask("/"), "Content-Security-Policy").find(allowed), std::string::npos) << allowed;
  const std::string page = ask("/")->body;
  EXPECT_FALSE(std::regex_search(page, std::regex("<style|style=|<script[^>]*>[^<]|\\son[a-z]+=")));
}

TEST(WebPageTest, EverythingThatAFileNamesIsThere) {
  const std::regex names("['\"](?:/web/|\\./)([a-z_]+\\.(?:js|css|svg|txt))['\"]");
  size_t named = 0;
  for (const WebAsset& asset : web_assets()) {
    if (asset.name == "chart.js") continue;
    const std::string text(asset.content);
    for (std::sregex_iterator at(text.begin(), text.end(), names), end; at != end; ++at, ++named)
      EXPECT_EQ(ask("/web/" + (*at)[1].str())->status, 200) << asset.name << " names " << (*at)[1];
  }
  EXPECT_GT(named, 10u);
}

TEST(WebPageTest, IsNotSentAgainToWhoHasIt) {
  const ApiResponse first = *ask("/web/app.js");
  const std::string tag = header_of(first, "ETag");
  const ApiResponse second = *ask("/web/app.js", "GET", {{"if-none-match", tag}});
  EXPECT_EQ(second.status, 304);
  EXPECT_EQ(second.body, "");
  EXPECT_NE(header_of(*ask("/web/style.css"), "ETag"), tag);
}

TEST(WebPageTest, ShowsTheLicencesOfWhatItIsMadeOf) {
  EXPECT_NE(ask("/web/licences.txt")->body.find("Chart.js"), std::string::npos);
}

}  // namespace
}  // namespace studyctl
