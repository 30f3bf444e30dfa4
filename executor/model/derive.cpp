#include "model/derive.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace studyctl {
namespace {

constexpr size_t kDeepest = 50;

bool begins_name(char letter) {
  return std::isalpha(static_cast<unsigned char>(letter)) || letter == '_';
}
bool in_name(char letter) {
  return begins_name(letter) || std::isdigit(static_cast<unsigned char>(letter)) || letter == '.' ||
         letter == '-';
}

}  // namespace

// Recursive descent: sum = product {+- product}; product = factor {*/% factor}; factor = number | name | (
// sum ) | - factor.
class DerivationParser {
 public:
  DerivationParser(std::string_view text, Derivation& derivation) : text_(text), derivation_(derivation) {}

  Result<void> parse() {
    if (auto read = sum(0); !read) return read;
    skip_space();
    return at_ == text_.size() ? Result<void>{} : problem("an operator is missing");
  }

 private:
  Error problem(std::string_view what) const {
    return Error{ErrorCode::Invalid, "'" + std::string(text_) + "': " + std::string(what) + " at character " +
                                         std::to_string(at_ + 1)};
  }
  void skip_space() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  // The next letter when it is one of these.
  char take(std::string_view letters) {
    skip_space();
    return at_ < text_.size() && letters.find(text_[at_]) != std::string_view::npos ? text_[at_++] : '\0';
  }

  using Operand = Result<void> (DerivationParser::*)(size_t);
  Result<void> chain(std::string_view operators, Operand operand, size_t depth) {
    if (auto read = (this->*operand)(depth); !read) return read;
    while (const char operation = take(operators)) {
      if (auto read = (this->*operand)(depth); !read) return read;
      derivation_.steps_.push_back({operation});
    }
    return {};
  }
  Result<void> sum(size_t depth) { return chain("+-", &DerivationParser::product, depth); }
  Result<void> product(size_t depth) { return chain("*/%", &DerivationParser::factor, depth); }

  Result<void> factor(size_t depth) {
    if (depth > kDeepest) return problem("too many parentheses");
    if (take("-")) {
      auto read = factor(depth + 1);
      derivation_.steps_.push_back({'n'});
      return read;
    }
    if (take("(")) {
      if (auto read = sum(depth + 1); !read) return read;
      return take(")") ? Result<void>{} : problem("a ) is missing");
    }
    skip_space();
    if (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) return number();
    if (at_ < text_.size() && begins_name(text_[at_])) return name();
    return problem("a number or a parameter's name is missing");
  }

  Result<void> number() {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc()) return problem("the number does not fit into 64 bits");
    at_ = static_cast<size_t>(end - text_.data());
    derivation_.steps_.push_back({'#', value});
    return {};
  }

  // Names may have dashes and dots, so a difference wants spaces: "a - b".
  Result<void> name() {
    const size_t begin = at_;
    while (at_ < text_.size() && in_name(text_[at_])) ++at_;
    const std::string word(text_.substr(begin, at_ - begin));
    auto& names = derivation_.names_;
    const auto known = std::find(names.begin(), names.end(), word);
    const size_t place = static_cast<size_t>(known - names.begin());
    if (known == names.end()) names.push_back(word);
    derivation_.steps_.push_back({'$', 0, place});
    return {};
  }

  std::string_view text_;
  Derivation& derivation_;
  size_t at_ = 0;
};

Result<Derivation> Derivation::parse(std::string_view text) {
  Derivation derivation;
  derivation.text_ = text;
  if (auto read = DerivationParser(text, derivation).parse(); !read) return std::move(read).error();
  return derivation;
}

Result<int64_t> Derivation::value(const std::function<int64_t(const std::string&)>& value_of) const {
  std::vector<int64_t> stack;
  const auto failed = [this](std::string_view what) {
    return Error{ErrorCode::Invalid, "'" + text_ + "': " + std::string(what)};
  };
  for (const Step& step : steps_) {
    if (step.operation == '#' || step.operation == '$') {
      stack.push_back(step.operation == '#' ? step.number : value_of(names_[step.name]));
      continue;
    }
    int64_t right = stack.back();
    if (step.operation == 'n') {
      if (__builtin_sub_overflow(int64_t{0}, right, &stack.back()))
        return failed("does not fit into 64 bits");
      continue;
    }
    stack.pop_back();
    int64_t& left = stack.back();
    bool overflows = false;
    switch (step.operation) {
      case '+': overflows = __builtin_add_overflow(left, right, &left); break;
      case '-': overflows = __builtin_sub_overflow(left, right, &left); break;
      case '*': overflows = __builtin_mul_overflow(left, right, &left); break;
      default:
        if (right == 0) return failed("divides by 0");
        if (step.operation == '%') {
          left = right == -1 ? 0 : left % right;  // the machine traps on the smallest number % -1
        } else if (right == -1) {
          overflows = __builtin_sub_overflow(int64_t{0}, left, &left);
        } else {
          left /= right;
        }
    }
    if (overflows) return failed("does not fit into 64 bits");
  }
  return stack.back();
}

}  // namespace studyctl
