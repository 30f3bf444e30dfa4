#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "manifest/written.h"
#include "model/states.h"

namespace studyctl {

// JSON that was read, to be written as JSON or YAML. null when it is none.
Written written_from_json(std::string_view json);

Written written_null();
// A double by its shortest text; null when it is no number.
Written written_number(double value);
Written written_seconds(Duration duration);

// Texts, numbers, states, reasons, times, and null where there is none.
inline Written written_of(std::string_view value) {
  return Written::text(value);
}
inline Written written_of(Instant value) {
  return Written::text(format_instant(value));
}
template <std::integral T>
Written written_of(T value) {
  return Written::number(static_cast<int64_t>(value));
}
template <class Word>
requires std::is_enum_v<Word> Written written_of(Word value) {
  return Written::text(name_of(value));
}
template <class T>
Written written_of(const std::optional<T>& value) {
  return value ? written_of(*value) : written_null();
}
Written written_of(const std::vector<std::string>& values);

}  // namespace studyctl
