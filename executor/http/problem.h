#pragma once

#include "base/result.h"
#include "http/server.h"

namespace studyctl {

// An Error as an answer, and the code of one that came as such.
ApiResponse problem_of(const Error& error);
ErrorCode error_code_of(int status);

}  // namespace studyctl
