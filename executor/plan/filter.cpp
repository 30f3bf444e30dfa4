#include "plan/filter.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr std::string_view kNameEnds = " \t=!,()\"";
constexpr std::string_view kValueEnds = ",()=\"";

}  // namespace

class Selector::Parser {
 public:
  explicit Parser(std::string_view text) : whole_(text), rest_(trim(text)) {}

  Result<Selector> parse() {
    Selector selector;
    while (!rest_.empty()) {
      Result<Requirement> requirement = next();
      if (!requirement) return requirement.error();
      selector.requirements_.push_back(*std::move(requirement));
      if (rest_.empty()) break;
      if (!take(",")) return wrong("a comma");
      if (rest_.empty()) return wrong("another parameter");
    }
    return selector;
  }

 private:
  Result<Requirement> next() {
    Requirement requirement;
    const bool absent = take("!");
    requirement.name = std::string(take_until(kNameEnds));
    if (requirement.name.empty()) return wrong("the name of a parameter");
    if (absent) requirement.kind = Requirement::Kind::Absent;
    if (absent) return requirement;
    if (take("!=")) {
      requirement.kind = Requirement::Kind::NotIn;
    } else if (take_word("notin")) {
      requirement.kind = Requirement::Kind::NotIn;
      return with_values(std::move(requirement));
    } else if (take_word("in")) {
      return with_values(std::move(requirement));
    } else if (!take("==") && !take("=")) {
      requirement.kind = Requirement::Kind::Exists;
      return requirement;
    }
    std::optional<std::string> value = take_value();
    if (!value) return wrong("a value, or its closing quote");
    requirement.values.push_back(*std::move(value));
    return requirement;
  }

  Result<Requirement> with_values(Requirement requirement) {
    if (!take("(")) return wrong("values in brackets: in (a, b)");
    do {
      std::optional<std::string> value = take_value();
      if (!value) return wrong("a value, or its closing quote");
      requirement.values.push_back(*std::move(value));
    } while (take(","));
    if (!take(")")) return wrong("the closing bracket )");
    return requirement;
  }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_ = trim(rest_.substr(token.size()));
    return true;
  }

  // `in` of "x in (a)", but not of "index".
  bool take_word(std::string_view word) {
    const std::string_view after = rest_.substr(std::min(word.size(), rest_.size()));
    return (after.empty() || kNameEnds.find(after.front()) != std::string_view::npos) && take(word);
  }

  std::string_view take_until(std::string_view ends) {
    const std::string_view taken = rest_.substr(0, rest_.find_first_of(ends));
    rest_ = trim(rest_.substr(taken.size()));
    return trim(taken);
  }

  // Empty without quotes is a value too, as with kubectl; nothing when quotes do not close.
  std::optional<std::string> take_value() {
    if (!rest_.starts_with('"')) return std::string(take_until(kValueEnds));
    std::string value;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\\' && i + 1 < rest_.size()) {
        value += rest_[++i];
      } else if (rest_[i] == '"') {
        rest_ = trim(rest_.substr(i + 1));
        return value;
      } else {
        value += rest_[i];
      }
    }
    return std::nullopt;
  }

  Error wrong(std::string_view wanted) const {
    const std::string at = rest_.empty() ? "at its end" : "before '" + printable(rest_) + "'";
    return {ErrorCode::Invalid, "selector '" + printable(whole_) + "': " + std::string(wanted) +
                                    " is wanted " + at +
                                    "; write molecule=water, charge!=0 or backend in (a, b)"};
  }

  std::string_view whole_;
  std::string_view rest_;
};

Result<Selector> Selector::parse(std::string_view text) {
  return Parser(text).parse();
}

bool Selector::matches(const Point& point) const {
  return std::all_of(requirements_.begin(), requirements_.end(), [&](const Requirement& requirement) {
    return requirement.holds(point.find(requirement.name));
  });
}

std::vector<std::string> Selector::names() const {
  std::vector<std::string> names;
  for (const Requirement& requirement : requirements_) names.push_back(requirement.name);
  return names;
}

bool Selector::Requirement::holds(const Value* value) const {
  const bool listed =
      value != nullptr && std::find(values.begin(), values.end(), value->text) != values.end();
  switch (kind) {
    case Kind::In: return listed;
    case Kind::NotIn: return !listed;
    case Kind::Exists: return value != nullptr;
    case Kind::Absent: return value == nullptr;
  }
  return false;
}

}  // namespace studyctl
