#include "store/harvest/byte_source.h"

#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>

#include "base/text.h"

namespace studyctl {

ReadBudget::ReadBudget(const ReadLimits& limits) : limits_(limits), until_(clock_.steady() + limits.time) {}

Result<void> ReadBudget::take(uint64_t bytes) {
  taken_ += bytes;
  if (taken_ > limits_.bytes) {
    return Error{
        ErrorCode::Unavailable,
        "reading ended at " + human_bytes(static_cast<int64_t>(limits_.bytes)) + ", the most for one file"};
  }
  if (clock_.steady() > until_) {
    return Error{ErrorCode::Unavailable,
                 "reading ended after " + human_duration(limits_.time) + ", the most for one attempt"};
  }
  return {};
}

struct ByteSource::Inflater {
  z_stream stream{};
  std::array<unsigned char, 65536> input;
  bool in_member = true;

  // 16: gzip's own header, nothing else.
  Inflater() { ready = inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK; }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  bool ready = false;
};

ByteSource::ByteSource(AttemptDirectory::File file, ReadBudget& budget)
    : fd_(std::move(file.fd)), size_(file.size), budget_(&budget) {}
ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource::~ByteSource() = default;

Result<ByteSource> ByteSource::open(const AttemptDirectory& directory, const std::string& name,
                                    ReadBudget& budget) {
  auto file = directory.open_file(name);
  if (!file) return std::move(file).error();
  budget.begin_file();
  ByteSource source(std::move(*file), budget);
  if (name.ends_with(".gz")) {
    source.inflater_ = std::make_unique<Inflater>();
    if (!source.inflater_->ready) return Error{ErrorCode::Unavailable, "no memory to inflate it"};
  }
  return source;
}

Result<size_t> ByteSource::read(char* to, size_t room) {
  auto got = inflater_ ? inflate_some(to, room) : read_file(to, room);
  if (!got) return got;
  if (auto taken = budget_->take(*got); !taken) return std::move(taken).error();
  return got;
}

Result<size_t> ByteSource::read_file(char* to, size_t room) {
  while (true) {
    const ssize_t got = ::read(fd_.get(), to, room);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return errno_error("cannot read");
  }
}

Result<size_t> ByteSource::refill() {
  z_stream& stream = inflater_->stream;
  auto got = read_file(reinterpret_cast<char*>(inflater_->input.data()), inflater_->input.size());
  if (!got) return got;
  // A terabyte of padding inflates to nothing, and takes its time.
  if (auto taken = budget_->take(*got); !taken) return std::move(taken).error();
  stream.next_in = inflater_->input.data();
  stream.avail_in = static_cast<uInt>(*got);
  return got;
}

Result<size_t> ByteSource::inflate_some(char* to, size_t room) {
  z_stream& stream = inflater_->stream;
  stream.next_out = reinterpret_cast<Bytef*>(to);
  stream.avail_out = static_cast<uInt>(room);
  while (stream.avail_out == room) {
    if (stream.avail_in == 0) {
      auto got = refill();
      if (!got) return got;
      if (*got == 0 && inflater_->in_member)
        return Error{ErrorCode::Invalid, "is gzip data that end too early"};
      if (*got == 0) return size_t{0};
    }
    if (!inflater_->in_member) {
      // Tapes and disks are padded with zeros.
      if (*stream.next_in == 0) {
        ++stream.next_in;
        --stream.avail_in;
        continue;
      }
      inflateReset(&stream);
      inflater_->in_member = true;
    }
    const int status = inflate(&stream, Z_NO_FLUSH);
    if (status == Z_STREAM_END) inflater_->in_member = false;
    if (status != Z_STREAM_END && status != Z_OK && status != Z_BUF_ERROR)
      return Error{ErrorCode::Invalid, "is damaged gzip data"};
  }
  return room - stream.avail_out;
}

}  // namespace studyctl
