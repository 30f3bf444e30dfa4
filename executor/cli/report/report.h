#pragma once

#include <string>
#include <string_view>

#include "cli/results_text.h"

namespace studyctl {

// One HTML file that needs nothing else: plots per parameter, a heat map over two, a timeline, the table.
Result<std::string> report_of(const ResultsQuery& query);

// What CMake embeds: the page with @CHART_JS@ and @DATA@ in it, and the library that draws.
std::string_view report_page();
std::string_view chart_library();

}  // namespace studyctl
