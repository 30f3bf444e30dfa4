#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "engine/json_read.h"
#include "engine/kubernetes/object_watch.h"

// How a cluster writes its lists and watches, whatever kind they are of: `parse` makes a View of an object.
namespace studyctl {

template <class View, class Parse>
ObjectChange<View> parse_object_change(std::string_view line, Parse parse) {
  constexpr int kExpired = 410;
  using Kind = typename ObjectChange<View>::Kind;
  ObjectChange<View> change;
  const auto event = nlohmann::json::parse(line, nullptr, false);
  const std::string type = json_string(event, "type");
  const nlohmann::json& object = json_child(event, "object");
  if (type == "ERROR") {
    change.kind = json_int(object, "code") == kExpired ? Kind::Expired : Kind::Failed;
    change.failure = printable(json_string(object, "message"));
    return change;
  }
  change.resource_version = json_string(json_child(object, "metadata"), "resourceVersion");
  if (change.resource_version.empty()) {
    change.failure = "a line of its watch is none";
    return change;
  }
  if (type == "BOOKMARK") {
    change.kind = Kind::Bookmark;
    return change;
  }
  change.kind = type == "DELETED" ? Kind::Deleted : Kind::Shown;
  change.object = parse(object);
  return change;
}

template <class View, class Parse>
Result<ObjectList<View>> parse_object_list(std::string_view text, const std::string& what, Parse parse) {
  const auto document = nlohmann::json::parse(text, nullptr, false);
  const nlohmann::json& metadata = json_child(document, "metadata");
  ObjectList<View> list;
  list.resource_version = json_string(metadata, "resourceVersion");
  list.next = json_string(metadata, "continue");
  if (list.resource_version.empty())
    return Error{ErrorCode::Unavailable, "the cluster's list of " + what + " cannot be read"};
  for (const nlohmann::json& one : json_child(document, "items")) list.objects.push_back(parse(one));
  return list;
}

}  // namespace studyctl
