#pragma once

#include <string>

#include "base/result.h"
#include "store/harvest/byte_source.h"
#include "store/harvest/value_fold.h"

namespace studyctl {

// Adds to `fold` each cell of `column` in a file of CSV (RFC 4180: quotes, line breaks in them) whose first
// row has the names. Empty cells and rows that are too short say nothing. Memory does not grow with the file.
// Invalid: no such column, or the file ends within quotes.
Result<void> fold_csv(ByteSource& source, const std::string& column, ValueFold& fold);

}  // namespace studyctl
