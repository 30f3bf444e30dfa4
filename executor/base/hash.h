#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace studyctl {

// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

// Its first 64 bits, as a number: the first 16 of those digits.
uint64_t sha256_prefix(std::string_view bytes);

// HMAC-SHA-256 as bytes.
std::string hmac_sha256(std::string_view key, std::string_view message);

// SHA-256 of what is fed in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::string_view bytes);
  // Ends it; call once.
  std::string hex();

 private:
  void* context_;
};

// Whether a text is such a digest: 64 lower-case hex digits.
bool is_sha256(std::string_view text);

// A random (version 4) UUID.
std::string random_uuid();

// Without padding: for names, URLs and tokens.
std::string base64url(std::string_view bytes);

std::string to_base64(std::string_view bytes);
// What standard base64 stands for, white space in it left out; nothing when it is none.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace studyctl
