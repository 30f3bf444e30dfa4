#include "http/query.h"

#include <functional>
#include <map>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kMostItems = 5000;

// "17" or "17.3"
bool read_place(const std::string& text, ListQuery& query) {
  const std::vector<std::string> parts = split(text, '.');
  return parts.size() <= 2 && read_number(parts[0], query.after) && query.after >= 0 &&
         (parts.size() == 1 || read_number(parts[1], query.skip));
}

using Read = std::function<bool(const std::string& text, ListQuery& query)>;

const std::map<std::string, Read, std::less<>> kPaging = {
    {"limit",
     [](const std::string& text, ListQuery& query) {
       return read_number(text, query.limit) && query.limit >= 1 && query.limit <= kMostItems;
     }},
    {"continue", read_place},
};
const std::map<std::string, Read, std::less<>> kSelection = {
    {"selector",
     [](const std::string& text, ListQuery& query) { return query.selection.selector = text, true; }},
    {"experiment",
     [](const std::string& text, ListQuery& query) { return query.selection.experiment = text, true; }},
    {"state", [](const std::string& text,
                 ListQuery& query) { return query.selection.states = split(text, ','), true; }},
    {"reason", [](const std::string& text,
                  ListQuery& query) { return query.selection.reasons = split(text, ','), true; }},
    {"minFails",
     [](const std::string& text, ListQuery& query) { return read_number(text, query.selection.min_fails); }},
};

std::vector<std::string> names_of(const std::map<std::string, Read, std::less<>>& known) {
  std::vector<std::string> names;
  for (const auto& [name, read] : known) names.push_back(name);
  return names;
}

}  // namespace

Result<ListQuery> read_query(const ApiRequest& request, bool takes_selection) {
  ListQuery query;
  for (const auto& [name, text] : request.query) {
    auto known = kPaging.find(name);
    const bool is_known =
        known != kPaging.end() || (takes_selection && (known = kSelection.find(name)) != kSelection.end());
    if (!is_known) {
      std::vector<std::string> names = takes_selection ? names_of(kSelection) : std::vector<std::string>();
      for (const std::string& paging : names_of(kPaging)) names.push_back(paging);
      return Error{ErrorCode::Invalid,
                   "?" + printable(name) + ": is not known here; there is: " + join(names, ", ")};
    }
    if (!known->second(text, query))
      return Error{ErrorCode::Invalid,
                   "?" + name + "=" + printable(text) + ": is not understood" +
                       (name == "limit" ? "; it is 1 to " + std::to_string(kMostItems) : "")};
  }
  return query;
}

bool Page::add(Written item, int64_t place, uint64_t skip) {
  if (items_.size() >= limit_) return has_more_ = true, false;
  items_.push_back(std::move(item));
  last_ = std::to_string(place) + (skip > 0 ? "." + std::to_string(skip) : "");
  return true;
}

ApiResponse Page::response() const {
  Written::Map metadata;
  if (has_more_) metadata.emplace_back("continue", Written::text(last_));
  const Written list{Written::Map{{"apiVersion", Written::text("studyctl.io/v1alpha1")},
                                  {"kind", Written::text("List")},
                                  {"metadata", {std::move(metadata)}},
                                  {"items", {items_}}}};
  return {200, json_of(list, Keys::AsWritten), "application/json", {{"Cache-Control", "no-store"}}};
}

}  // namespace studyctl
