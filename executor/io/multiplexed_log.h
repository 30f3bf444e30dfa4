#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/log_files.h"

namespace studyctl {

// Parses the frames in which an engine sends the two streams of a container without a terminal: one byte for
// the stream, three zero, four of length (big-endian), then the payload. Takes bytes in any split and holds
// none of the payload back.
class MultiplexedLog {
 public:
  using Payload = std::function<void(LogStream, std::string_view)>;

  // Calls `on_payload` for each piece; it must not touch this object. Internal when the bytes are no such
  // frames (a container with a terminal sends none); Unavailable with the engine's words when the engine says
  // in the stream that it cannot go on. After an error nothing is parsed any more, and it is returned again.
  Result<void> feed(std::string_view bytes, const Payload& on_payload);

  // True between two frames: a log that ends elsewhere was cut.
  bool is_between_frames() const { return header_size_ == 0 && left_ == 0; }

 private:
  Result<void> begin_frame();
  Result<void> take(std::string_view payload, const Payload& on_payload);

  std::array<unsigned char, 8> header_{};
  size_t header_size_ = 0;  // bytes of a header that have come
  uint32_t left_ = 0;       // bytes of the payload that are to come
  unsigned char stream_ = 0;
  std::string engine_message_;
  std::optional<Error> error_;
};

}  // namespace studyctl
