#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "engine/engine.h"

// What a cluster says of itself, read into plain data; what cannot be read is left out.
namespace studyctl {

// "1.20.2"
std::string parse_cluster_version(std::string_view json);

// What the nodes that take pods have, all together; without a list of nodes, more than anybody asks for.
void add_nodes(std::string_view json, Inventory& inventory);

struct ListedJobs {
  std::map<std::string, std::string> runs;  // by name, the run that each is of
  std::set<std::string> ended;              // of these, those that make no pod any more
  std::string next;                         // the token of the next page; empty on the last
};

// Which spec an object was made of, as its labels or annotations tell.
std::string parse_spec_hash(std::string_view json);

ListedJobs parse_job_list(std::string_view json);

}  // namespace studyctl
