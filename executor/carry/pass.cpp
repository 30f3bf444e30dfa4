#include "carry/pass.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/file.h>

#include "base/fd.h"
#include "base/hash.h"

namespace studyctl {
namespace {

constexpr size_t kKey = 64;

}  // namespace

std::string carry_pass(std::string_view key, CarryPurpose purpose, std::string_view attempt) {
  const std::string message = std::string(purpose == CarryPurpose::In ? "carry in " : "carry out ");
  return base64url(hmac_sha256(key, message + std::string(attempt)));
}

bool is_carry_pass(std::string_view key, CarryPurpose purpose, std::string_view attempt,
                   std::string_view pass) {
  const std::string right = carry_pass(key, purpose, attempt);
  return pass.size() == right.size() && CRYPTO_memcmp(pass.data(), right.data(), right.size()) == 0;
}

// Two that make it at once make one.
Result<std::string> carry_key(const std::filesystem::path& private_directory) {
  const std::filesystem::path directory = private_directory / "secrets", path = directory / "carry-key";
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  if (error) return Error{ErrorCode::Unavailable, directory.string() + ": " + error.message()};
  Fd locked(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!locked || flock(locked.get(), LOCK_EX) != 0) return errno_error(directory.string());
  auto key = read_file(path);
  if (key && key->size() >= kKey) return key;
  std::string made;
  while (made.size() < kKey) made += sha256_hex(random_uuid() + random_uuid());
  if (auto written = write_file_atomically(path, made, 0600); !written) return std::move(written).error();
  return made;
}

}  // namespace studyctl
