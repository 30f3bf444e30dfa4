#pragma once

#include "manifest/document.h"
#include "manifest/manifest.h"
#include "manifest/written.h"

namespace studyctl {

// The parts of a Study on their way out, with every default.
Written written_pod(const PodTemplate& pod);
Written written_results(const ResultRules& results);
Written written_execution(const Execution& execution);

// A ConfigMap as a document.
Written written_config(const ConfigMapDocument& config);

// A document as it was read.
Written written_node(const Node& node);

}  // namespace studyctl
