#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace studyctl {

// A scalar: what kind it is, and the literal text that names, hashes and substitution use. A Number's text is
// its canonical JSON form.
struct Value {
  enum class Kind : uint8_t { Null, Boolean, Number, String };
  Kind kind = Kind::String;
  std::string text;
  auto operator<=>(const Value&) const = default;
};

}  // namespace studyctl
