#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace studyctl {

// Opens `name` below `directory`, wherever symbolic links in it point: one that leads out gives EXDEV. Empty
// with errno set when it cannot be opened. O_CLOEXEC is added to `flags`. Safe from any thread.
Fd open_beneath(int directory, const std::string& name, int flags);

// The same for kernels before 5.6, which have no openat2: any symbolic link or `..` gives EXDEV.
Fd open_beneath_by_steps(int directory, const std::string& name, int flags);

// Opens the regular file `name` below `directory` for reading. Nothing else is opened even for a moment (a
// device node may act when it is): Invalid. NotFound: no such file. Invalid: it leads out. Errors do not
// repeat the name.
Result<Fd> open_regular(int directory, const std::string& name);

}  // namespace studyctl
