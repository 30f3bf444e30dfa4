#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <mutex>

#include "base/result.h"
#include "http/wire.h"

using SSL_CTX = struct ssl_ctx_st;

namespace studyctl {

struct TlsFiles {
  std::filesystem::path certificate, key;  // PEM
  // Whose certificates clients may show; empty: none is asked for. Who shows none is served nevertheless, as
  // nobody.
  std::filesystem::path client_authority{};
};

// The certificate and key by which a server speaks TLS (1.2 and 1.3). The files are read again once they have
// changed; where they cannot be, those before stay. Safe from any thread.
class Tls {
 public:
  // Invalid: a file is not there, is no certificate or key in PEM, or they do not belong together.
  static Result<std::unique_ptr<Tls>> open(TlsFiles files);
  ~Tls();
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  // Null when the other side has not agreed until `deadline`.
  std::unique_ptr<Wire> accept(int fd, Steady deadline);

 private:
  using Times = std::array<std::filesystem::file_time_type, 3>;
  explicit Tls(TlsFiles files) : files_(std::move(files)) {}
  Times written() const;
  Result<void> read();
  void read_if_changed();

  const TlsFiles files_;
  std::mutex mutex_;
  Times read_{};
  SSL_CTX* context_ = nullptr;
};

}  // namespace studyctl
