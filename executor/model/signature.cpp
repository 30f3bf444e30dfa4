#include "model/signature.h"

#include <algorithm>
#include <cctype>

namespace studyctl {
namespace {

constexpr size_t kLongest = 160;

bool is_word(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) || letter == '_';
}
bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

}  // namespace

std::string signature_of(std::string_view message) {
  message = message.substr(0, message.find('\n'));
  std::string signature;
  for (size_t at = 0; at < message.size() && signature.size() < kLongest;) {
    size_t end = at;
    while (end < message.size() && is_word(message[end])) ++end;
    const std::string_view word = message.substr(at, end - at);
    if (word.empty()) {
      // A number's point, a version's dash, the colons of an address: they belong to what differs.
      const bool joins = (message[at] == '.' || message[at] == '-' || message[at] == ':') &&
                         signature.ends_with('#') && at + 1 < message.size() && is_digit(message[at + 1]);
      if (!joins) signature += message[at];
      ++at;
      continue;
    }
    const bool differs = std::any_of(word.begin(), word.end(), is_digit);
    if (!differs) signature += word;
    if (differs && !signature.ends_with('#')) signature += '#';
    at = end;
  }
  if (signature.size() > kLongest) signature.resize(kLongest);
  return signature;
}

void Signatures::add(std::string_view message) {
  ++total_;
  std::string signature = signature_of(message);
  const bool is_new = counts_.find(signature) == counts_.end();
  ++counts_[is_new && counts_.size() >= kMost ? "other" : std::move(signature)];
}

std::vector<Signatures::Share> Signatures::most_frequent(size_t count) const {
  std::vector<Share> shares;
  for (const auto& [signature, failures] : counts_) shares.push_back({signature, failures});
  std::stable_sort(shares.begin(), shares.end(),
                   [](const Share& a, const Share& b) { return a.failures > b.failures; });
  if (shares.size() > count) shares.resize(count);
  return shares;
}

}  // namespace studyctl
