#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/study.h"

// Short forms for the studies of tests: every value is a string unless it says otherwise.
namespace studyctl {

inline Value text(std::string literal) {
  return {Value::Kind::String, std::move(literal)};
}
inline Value number(std::string literal) {
  return {Value::Kind::Number, std::move(literal)};
}

inline std::vector<Value> texts(const std::vector<std::string>& literals) {
  std::vector<Value> values;
  for (const std::string& literal : literals) values.push_back(text(literal));
  return values;
}

inline Axis tied(std::vector<std::string> names, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<Value>> values;
  for (const auto& row : rows) values.push_back(texts(row));
  return {std::move(names), std::move(values)};
}

inline Axis axis(std::string name, const std::vector<std::string>& literals) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& literal : literals) rows.push_back({literal});
  return tied({std::move(name)}, rows);
}

inline ExcludeRule rule(const std::vector<std::pair<std::string, std::vector<std::string>>>& match,
                        std::string place = "study.yaml:1:1") {
  ExcludeRule result;
  for (const auto& [name, literals] : match)
    result.match.push_back({name, Requirement::Is::In, texts(literals)});
  result.place = std::move(place);
  return result;
}

inline ExplicitPoint experiment(const std::vector<std::pair<std::string, std::string>>& parameters,
                                std::string place = "study.yaml:1:1") {
  ExplicitPoint point;
  for (const auto& [name, literal] : parameters) point.parameters.emplace_back(name, text(literal));
  point.place = std::move(place);
  return point;
}

}  // namespace studyctl
