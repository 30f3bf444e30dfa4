#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/study.h"

namespace studyctl {

// What a study asks for and an engine of `kind` ("kubernetes") would not heed: a sentence each, with what to
// do instead.
std::vector<std::string> not_heeded(const Study& study, const std::string& kind);

// Invalid: it has a directory that attempts share, where their files are carried to pods and back.
Result<void> can_be_carried(const Study& study);

// Fields of its template that only a cluster knows, where the engine is none: they are left out, which is to
// be said.
std::vector<std::string> left_out(const Study& study, const std::string& kind);

// What an attempt of it may take at most, with its grace; 0 where nothing bounds one.
Duration longest_attempt(const Study& study);

}  // namespace studyctl
