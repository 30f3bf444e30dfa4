#include "store/harvest/value_fold.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kShownText = 40;
constexpr size_t kLongestNumber = 400;

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  if (text.empty() || text.size() > kLongestNumber) return std::nullopt;
  std::string fortran;
  if (const size_t exponent = text.find_first_of("dD"); exponent != std::string_view::npos && exponent > 0) {
    fortran = text;
    fortran[exponent] = 'e';
    text = fortran;
  }
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size()) return std::nullopt;
  // Too small for a double is nothing; too large is not a number that can be kept.
  if (code == std::errc::result_out_of_range && lower(text).find("e-") != std::string::npos) return 0.0;
  if (code != std::errc() || !std::isfinite(number)) return std::nullopt;
  return number;
}

void ValueFold::add(std::string_view text) {
  if (take_ == Take::Count || !wants_more()) {
    ++seen_;
  } else if (const auto number = parse_number(text)) {
    add(*number);
  } else {
    ++seen_;
    note_bad(text);
  }
}

void ValueFold::add(double number) {
  if (!wants_more()) return;
  ++seen_;
  if (!std::isfinite(number)) return note_bad(number != number ? "NaN" : "Inf");
  last_is_bad_ = false;
  fold(number);
}

void ValueFold::note_bad(std::string_view text) {
  ++bad_;
  last_is_bad_ = true;
  if (bad_ == 1 || take_ == Take::Last) bad_text_ = printable(text.substr(0, kShownText));
}

void ValueFold::fold(double number) {
  const bool is_first = folded_++ == 0;
  switch (take_) {
    case Take::Count: return;
    case Take::First:
    case Take::Last: result_ = number; return;
    case Take::Min: result_ = is_first ? number : std::min(result_, number); return;
    case Take::Max: result_ = is_first ? number : std::max(result_, number); return;
    case Take::Sum:
    case Take::Mean: {
      // Neumaier's sum: a million small steps must not drown in a large total.
      const double total = result_ + number;
      correction_ +=
          std::abs(result_) >= std::abs(number) ? (result_ - total) + number : (number - total) + result_;
      result_ = total;
      return;
    }
  }
}

std::optional<double> ValueFold::value() const {
  if (take_ == Take::Count) return static_cast<double>(seen_);
  if (folded_ == 0 || (take_ == Take::Last && last_is_bad_)) return std::nullopt;
  if (take_ == Take::Sum || take_ == Take::Mean) {
    const double sum = result_ + correction_;
    const double taken = take_ == Take::Sum ? sum : sum / static_cast<double>(folded_);
    return std::isfinite(taken) ? std::optional(taken) : std::nullopt;
  }
  return result_;
}

std::string ValueFold::warning() const {
  if (take_ == Take::Count) return {};
  if (take_ == Take::Last && !last_is_bad_) return {};
  if (bad_ == 0) { return seen_ > 0 && !value() ? "the sum is too large for a number" : std::string(); }
  std::string what = "'" + bad_text_ + "' is not a finite number";
  if (!value()) return what;
  return what + ": " + std::to_string(bad_) + " of " + std::to_string(seen_) + " values left out";
}

}  // namespace studyctl
