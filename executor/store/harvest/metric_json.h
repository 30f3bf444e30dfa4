#pragma once

#include <string>

#include "base/result.h"
#include "store/harvest/byte_source.h"
#include "store/harvest/value_fold.h"

namespace studyctl {

// Adds to `fold` what `pointer` (RFC 6901) leads to in a file of JSON: a number, a text that is one, or each
// of them in an array; of several documents in a row (JSON Lines), of each. Memory does not grow with the
// file. Python's NaN and Infinity are read (and are not numbers). False: the pointer leads nowhere. Invalid:
// the file is not JSON, or there is something else there.
Result<bool> fold_json(ByteSource& source, const std::string& pointer, ValueFold& fold);

}  // namespace studyctl
