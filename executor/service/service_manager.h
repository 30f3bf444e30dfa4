#pragma once

#include <string_view>

namespace studyctl {

// Tells the service manager that started this process, where there is one: "READY=1", "STOPPING=1",
// "STATUS=…", as sd_notify(3) has them. What cannot be told is not: nothing depends on it.
void tell_service_manager(std::string_view state);

}  // namespace studyctl
