#include "io/multiplexed_log.h"

#include <algorithm>

#include "base/text.h"

namespace studyctl {
namespace {

// Docker's stream types. 0, stdin, is shown with stdout.
constexpr unsigned char kStderr = 2;
constexpr unsigned char kEngineError = 3;
constexpr size_t kLongestMessage = 4096;

}  // namespace

Result<void> MultiplexedLog::feed(std::string_view bytes, const Payload& on_payload) {
  while (!bytes.empty() && !error_) {
    if (left_ == 0) {
      header_[header_size_++] = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      if (header_size_ < header_.size()) continue;
      if (auto begun = begin_frame(); !begun) error_ = begun.error();
      continue;
    }
    const std::string_view payload = bytes.substr(0, left_);
    bytes.remove_prefix(payload.size());
    left_ -= static_cast<uint32_t>(payload.size());
    if (auto taken = take(payload, on_payload); !taken) error_ = taken.error();
  }
  if (error_) return *error_;
  return {};
}

Result<void> MultiplexedLog::begin_frame() {
  header_size_ = 0;
  stream_ = header_[0];
  if (stream_ > kEngineError || header_[1] != 0 || header_[2] != 0 || header_[3] != 0) {
    return Error{ErrorCode::Internal, "the engine's log is not in frames, or they are broken"};
  }
  left_ = uint32_t{header_[4]} << 24 | uint32_t{header_[5]} << 16 | uint32_t{header_[6]} << 8 | header_[7];
  engine_message_.clear();
  return {};
}

Result<void> MultiplexedLog::take(std::string_view payload, const Payload& on_payload) {
  if (stream_ != kEngineError) {
    on_payload(stream_ == kStderr ? LogStream::Stderr : LogStream::Stdout, payload);
    return {};
  }
  engine_message_ += payload.substr(0, kLongestMessage - std::min(kLongestMessage, engine_message_.size()));
  if (left_ > 0) return {};
  return Error{ErrorCode::Unavailable, "the engine's log: " + std::string(trim(printable(engine_message_)))};
}

}  // namespace studyctl
