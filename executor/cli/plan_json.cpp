#include "cli/plan_json.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "plan/experiment.h"

namespace studyctl {

void print_plan_json(const LoadedStudy& study, std::FILE* to) {
  const Identifier identifier(study.study(), study.inputs);
  for (uint64_t index = 0; index < study.plan->size(); ++index) {
    const Point point = study.plan->at(index);
    const ExperimentIdentity identity = identifier.of(point);
    nlohmann::ordered_json line;
    line["index"] = index;
    line["experiment"] = identity.id;
    line["identity"] = identity.identity;
    line["parameters"] = nlohmann::ordered_json::parse(canonical_parameters(point), nullptr, false);
    std::fprintf(to, "%s\n",
                 line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
  }
}

}  // namespace studyctl
