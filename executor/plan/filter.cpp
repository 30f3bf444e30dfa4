#include "plan/filter.h"

#include <algorithm>
#include <optional>

#include "base/decimal.h"
#include "base/text.h"

namespace studyctl {
namespace {

constexpr std::string_view kNameEnds = " \t=!<>~,()\"'";
constexpr std::string_view kValueEnds = ",()=\"'";

using Is = Requirement::Is;

struct Sign {
  std::string_view text;
  Is is;
};
// The longer ones first.
constexpr Sign kSigns[] = {
    {"!=", Is::NotIn},       {"!~", Is::NotLike}, {"==", Is::In},  {">=", Is::GreaterOrEqual},
    {"<=", Is::LessOrEqual}, {">", Is::Greater},  {"<", Is::Less}, {"=", Is::In},
    {"~", Is::Like}};

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
    requirement.holds_without = absent;
    if (absent) return requirement;
    const bool negates = take_word("notin");
    if (negates || take_word("in")) {
      requirement.is = negates ? Is::NotIn : Is::In;
      requirement.holds_without = negates;
      return with_values(std::move(requirement));
    }
    const auto sign =
        std::find_if(std::begin(kSigns), std::end(kSigns), [&](const Sign& one) { return take(one.text); });
    // Among none is every value: that there is one is all that is asked.
    requirement.is = sign == std::end(kSigns) ? Is::NotIn : sign->is;
    if (sign == std::end(kSigns)) return requirement;
    requirement.holds_without = sign->is == Is::NotIn || sign->is == Is::NotLike;
    if (auto taken = take_into(requirement); !taken) return std::move(taken).error();
    if (compares_numbers(requirement.is) && !is_decimal(requirement.values.back().text))
      return wrong("a number behind " + std::string(sign->text));
    return requirement;
  }

  Result<Requirement> with_values(Requirement requirement) {
    if (!take("(")) return wrong("values in brackets: in (a, b)");
    do {
      if (auto taken = take_into(requirement); !taken) return std::move(taken).error();
    } while (take(","));
    if (!take(")")) return wrong("the closing bracket )");
    return requirement;
  }

  Result<void> take_into(Requirement& requirement) {
    std::optional<std::string> value = take_value();
    if (!value) return wrong("a value, or its closing quote");
    requirement.values.push_back({Value::Kind::String, *std::move(value)});
    return {};
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
    if (!rest_.starts_with('"') && !rest_.starts_with('\'')) return std::string(take_until(kValueEnds));
    const char quote = rest_.front();
    std::string value;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\\' && i + 1 < rest_.size()) {
        value += rest_[++i];
      } else if (rest_[i] == quote) {
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
                                    "; write molecule=water, charge>0 or backend in (a, b)"};
  }

  std::string_view whole_;
  std::string_view rest_;
};

Result<Selector> Selector::parse(std::string_view text) {
  return Parser(text).parse();
}

bool Selector::matches(const Point& point) const {
  return all_hold(requirements_, [&](const std::string& name) { return point.find(name); });
}

std::vector<std::string> Selector::names() const {
  std::vector<std::string> names;
  for (const Requirement& requirement : requirements_) names.push_back(requirement.name);
  return names;
}

}  // namespace studyctl
