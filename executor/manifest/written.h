#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace studyctl {

// Data on its way out as JSON or YAML. What is a number stays the literal that it is.
struct Written {
  struct Literal {
    std::string text;  // a JSON number, true, false or null
  };
  using List = std::vector<Written>;
  using Map = std::vector<std::pair<std::string, Written>>;  // in the order of writing; every key once

  static Written text(std::string_view text) { return {std::string(text)}; }
  static Written number(std::string_view text) { return {Literal{std::string(text)}}; }
  static Written number(int64_t value) { return {Literal{std::to_string(value)}}; }
  static Written boolean(bool value) { return {Literal{value ? "true" : "false"}}; }

  std::variant<std::string, Literal, List, Map> data;
};

enum class Keys { AsWritten, Sorted };

// On one line, without spaces.
std::string json_of(const Written& written, Keys keys);
// Pretty: for people.
std::string indented_json_of(const Written& written);
std::string yaml_of(const Written& written);

}  // namespace studyctl
