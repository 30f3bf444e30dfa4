#include "store/harvest/metric_json.h"

#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <streambuf>
#include <vector>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kBlock = 64u << 10;
constexpr size_t kLongestString = 16u << 20;
constexpr size_t kDeepest = 1000;

Result<std::vector<std::string>> tokens_of(const std::string& pointer) {
  if (pointer.empty()) return std::vector<std::string>{};
  if (pointer.front() != '/') return Error{ErrorCode::Invalid, "'" + pointer + "' is no JSON pointer"};
  std::vector<std::string> tokens = split(std::string_view(pointer).substr(1), '/');
  for (std::string& token : tokens) {
    std::string plain;
    for (size_t i = 0; i < token.size(); ++i) {
      const bool escape =
          token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
      plain += !escape ? token[i] : token[i + 1] == '0' ? '~' : '/';
      if (escape) ++i;
    }
    token = plain;
  }
  return tokens;
}

// The text of a file, with the words that Python writes for what is not a number in quotes: NaN, Infinity,
// -Infinity.
class JsonBytes final : public std::streambuf {
 public:
  explicit JsonBytes(ByteSource& source) : source_(source), input_(kBlock) {}

  const std::optional<Error>& error() const { return error_; }

 protected:
  int_type underflow() override {
    output_.clear();
    while (output_.empty()) {
      auto got = source_.read(input_.data(), input_.size());
      if (!got) {
        error_ = std::move(got).error();
        return traits_type::eof();
      }
      if (*got == 0 && place_ != Place::Word) return traits_type::eof();
      put({input_.data(), *got});
      if (*got == 0) end_word();
      if (string_size_ > kLongestString) {
        error_ = Error{ErrorCode::Invalid, "has a string of more than " + human_bytes(kLongestString)};
        return traits_type::eof();
      }
    }
    setg(output_.data(), output_.data(), output_.data() + output_.size());
    return traits_type::to_int_type(output_.front());
  }

 private:
  enum class Place { Outside, Minus, Word, String, Escape };

  void put(std::string_view text) {
    while (!text.empty()) {
      size_t size = 0;
      if (place_ == Place::String) {
        size = std::min(text.find_first_of("\"\\"), text.size());
        string_size_ += size;
      } else if (place_ == Place::Outside) {
        size = std::min(text.find_first_of("\"NI-"), text.size());
      }
      output_ += text.substr(0, size);
      text.remove_prefix(size);
      if (text.empty()) return;
      put(text.front());
      text.remove_prefix(1);
    }
  }

  void put(char c) {
    if (place_ == Place::String || place_ == Place::Escape) {
      ++string_size_;
      place_ = place_ == Place::Escape ? Place::String
               : c == '\\'             ? Place::Escape
               : c == '"'              ? Place::Outside
                                       : Place::String;
      output_ += c;
      return;
    }
    if (place_ == Place::Word && std::isalpha(static_cast<unsigned char>(c))) {
      output_ += c;
      return;
    }
    end_word();
    const bool after_minus = place_ == Place::Minus;
    if (c == 'N' || c == 'I') {
      output_ += after_minus ? "\"-" : "\"";
      place_ = Place::Word;
    } else {
      if (after_minus) output_ += '-';
      place_ = c == '-' ? Place::Minus : c == '"' ? Place::String : Place::Outside;
      if (place_ == Place::String) string_size_ = 0;
    }
    if (place_ != Place::Minus) output_ += c;
  }

  void end_word() {
    if (place_ != Place::Word) return;
    output_ += '"';
    place_ = Place::Outside;
  }

  ByteSource& source_;
  std::vector<char> input_;
  std::string output_;
  Place place_ = Place::Outside;
  size_t string_size_ = 0;
  std::optional<Error> error_;
};

// Follows the pointer through the events of the parser; everything else goes by unkept.
class PointerReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  PointerReader(const std::vector<std::string>& tokens, ValueFold& fold) : tokens_(tokens), fold_(fold) {}

  bool found() const { return found_; }
  const std::string& problem() const { return problem_; }
  void begin_document() { ++document_; }
  uint64_t documents() const { return document_; }

  bool null() override { return scalar("null"); }
  bool boolean(bool value) override { return scalar(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return number(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(static_cast<double>(value)); }
  bool number_float(number_float_t value, const string_t&) override { return number(value); }
  bool string(string_t& value) override { return scalar(value); }
  bool binary(binary_t&) override { return false; }

  bool start_object(size_t) override {
    const Place place = next_place();
    if (place.is_target) return fail("is an object, not a number");
    return enter(place, Container::Object);
  }
  bool start_array(size_t) override {
    const Place place = next_place();
    if (place.is_target) found_ = true;
    return enter(place, place.is_target ? Container::Target : Container::Array);
  }
  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.child_matches = level.matched && *level.matched < tokens_.size() && tokens_[*level.matched] == name;
    return true;
  }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) override {
    const std::string document = document_ > 1 ? " of document " + std::to_string(document_) : "";
    return fail("is not JSON from byte " + std::to_string(position) + document + " on");
  }

 private:
  enum class Container : uint8_t { Object, Array, Target };
  struct Level {
    Container container;
    std::optional<size_t> matched;  // tokens of the pointer that lead here; nothing off its path
    bool child_matches = false;     // Object
    size_t index = 0;               // Array: of the next element
  };
  struct Place {
    std::optional<size_t> matched;
    bool is_target = false;
    bool is_element = false;  // of the array that the pointer leads to
  };

  // Of the value that begins now.
  Place next_place() {
    if (levels_.empty()) return {size_t{0}, tokens_.empty(), false};
    Level& level = levels_.back();
    if (level.container == Container::Target) return {std::nullopt, false, true};
    bool matches = level.child_matches;
    if (level.container == Container::Array) {
      matches = level.matched && *level.matched < tokens_.size() &&
                tokens_[*level.matched] == std::to_string(level.index);
      ++level.index;
    }
    if (!matches) return {};
    return {*level.matched + 1, *level.matched + 1 == tokens_.size(), false};
  }

  bool enter(const Place& place, Container container) {
    if (levels_.size() >= kDeepest) return fail("is nested more than " + std::to_string(kDeepest) + " deep");
    levels_.push_back({container, place.matched});
    return true;
  }
  bool leave() {
    levels_.pop_back();
    return true;
  }
  bool scalar(std::string_view text) {
    const Place place = next_place();
    if (!place.is_target && !place.is_element) return true;
    found_ = true;
    fold_.add(text);
    return true;
  }
  bool number(double value) {
    const Place place = next_place();
    if (!place.is_target && !place.is_element) return true;
    found_ = true;
    fold_.add(value);
    return true;
  }
  bool fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return false;
  }

  const std::vector<std::string>& tokens_;
  ValueFold& fold_;
  std::vector<Level> levels_;
  uint64_t document_ = 0;
  bool found_ = false;
  std::string problem_;
};

}  // namespace

Result<bool> fold_json(ByteSource& source, const std::string& pointer, ValueFold& fold) {
  const auto tokens = tokens_of(pointer);
  if (!tokens) return tokens.error();
  JsonBytes bytes(source);
  std::istream stream(&bytes);
  PointerReader reader(*tokens, fold);
  while (!(stream >> std::ws).eof()) {
    reader.begin_document();
    nlohmann::json::sax_parse(stream, &reader, nlohmann::json::input_format_t::json, false);
    if (bytes.error()) return *bytes.error();
    if (!reader.problem().empty()) return Error{ErrorCode::Invalid, reader.problem()};
  }
  if (bytes.error()) return *bytes.error();
  if (reader.documents() == 0) return Error{ErrorCode::Invalid, "is empty"};
  return reader.found();
}

}  // namespace studyctl
