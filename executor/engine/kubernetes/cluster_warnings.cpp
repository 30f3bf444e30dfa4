#include "engine/kubernetes/cluster_warnings.h"

#include "base/text.h"
#include "engine/docker/api_json.h"
#include "engine/json_read.h"

namespace studyctl {
namespace {

using nlohmann::json;

// Between two lists; longer where one takes long.
constexpr Duration kRest{5'000};
constexpr int kRestsOfAList = 20;

// Who writes an event decides where it says so.
std::string time_of(const json& event) {
  for (const std::string& at :
       {json_string(event, "lastTimestamp"), json_string(json_child(event, "series"), "lastObservedTime"),
        json_string(event, "eventTime"), json_string(json_child(event, "metadata"), "creationTimestamp")})
    if (!at.empty()) return at;
  return {};
}

}  // namespace

WarningPage parse_warnings(std::string_view text) {
  WarningPage page;
  const json list = json::parse(text, nullptr, false);
  page.next = json_string(json_child(list, "metadata"), "continue");
  for (const json& event : json_child(list, "items")) {
    if (json_string(event, "type") != "Warning") continue;
    page.warnings.push_back(
        {json_string(json_child(event, "involvedObject"), "name"),
         {json_string(event, "reason"), printable(json_string(event, "message")), time_of(event)}});
  }
  return page;
}

ClusterWarnings::Token ClusterWarnings::ask(const std::string& name, Hear hear) {
  asked_.emplace(++last_, Asked{name, std::move(hear)});
  list_when_due();
  return last_;
}

void ClusterWarnings::list_when_due() {
  if (std::exchange(is_on_, true)) return;
  calls_.after(std::max(due_ - api_.clock().steady(), Duration(0)), [this] { list(); });
}

void ClusterWarnings::list() {
  is_on_ = !asked_.empty();
  if (!is_on_) return;
  began_ = api_.clock().steady();
  last_of_list_ = last_;
  list_page({});
}

void ClusterWarnings::list_page(const std::string& next) {
  const std::string page = next.empty() ? "" : "&continue=" + query_escape(next);
  calls_.ask(api_.of_kind("GET", "/api/v1",
                          "events?fieldSelector=" + query_escape("type=Warning") + "&limit=500" + page),
             [this](const HttpResponse& response) { on_page(response); });
}

// Who may not see them, or whose list the cluster has forgotten halfway, hears less.
void ClusterWarnings::on_page(const HttpResponse& response) {
  WarningPage page = response.status == 200 ? parse_warnings(response.body) : WarningPage{};
  for (WarningPage::About& one : page.warnings) {
    WarningPage::About& newest = newest_[one.name];
    if (newest.warning.at <= one.warning.at) newest = std::move(one);
  }
  if (!page.next.empty()) return list_page(page.next);
  const Steady now = api_.clock().steady();
  due_ = now + std::max(kRest, kRestsOfAList * (now - began_));
  tell();
}

// Whoever hears may ask again, or drop what another one asked.
void ClusterWarnings::tell() {
  while (!asked_.empty() && asked_.begin()->first <= last_of_list_) {
    const Asked asked = std::move(asked_.extract(asked_.begin()).mapped());
    const auto about = newest_.find(asked.name);
    asked.hear(about == newest_.end() ? ClusterWarning{} : about->second.warning);
  }
  newest_.clear();
  is_on_ = false;
  if (!asked_.empty()) list_when_due();
}

}  // namespace studyctl
