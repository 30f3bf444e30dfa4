#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "manifest/manifest.h"
#include "manifest/problems.h"
#include "manifest/reading.h"

namespace studyctl {

// A document of kind Secret: data in base64, stringData as it is. No message shows what is in it.
SecretDocument read_secret(Problems& problems, const Node& document);

// A document of kind ConfigMap: data, and binaryData in base64.
ConfigMapDocument read_config_map(Problems& problems, const Node& document);

}  // namespace studyctl
