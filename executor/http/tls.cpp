#include "http/tls.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"

namespace studyctl {
namespace {

std::string why() {
  char text[256] = "";
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  ERR_clear_error();
  return printable(text);
}

// The parts of a name that are of this kind.
std::vector<std::string> texts_of(const X509_NAME* name, int kind) {
  std::vector<std::string> texts;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, kind, at)) >= 0;) {
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size > 0) texts.push_back(printable(std::string(utf8, utf8 + size)));
    if (size >= 0) OPENSSL_free(utf8);
  }
  return texts;
}

class TlsWire final : public Wire {
 public:
  TlsWire(SSL* ssl, int fd) : ssl_(ssl), fd_(fd) {}
  ~TlsWire() override { SSL_free(ssl_); }
  TlsWire(const TlsWire&) = delete;
  TlsWire& operator=(const TlsWire&) = delete;

  bool agree(Steady deadline) {
    return go_on([this] { return SSL_accept(ssl_); }, deadline) == 1;
  }
  ssize_t read(char* to, size_t size, Steady deadline) override {
    const int most = static_cast<int>(std::min<size_t>(size, 1 << 20));
    return go_on([&] { return SSL_read(ssl_, to, most); }, deadline);
  }
  ssize_t write(const char* from, size_t size, Steady deadline) override {
    const int most = static_cast<int>(std::min<size_t>(size, 1 << 20));
    return go_on([&] { return SSL_write(ssl_, from, most); }, deadline);
  }
  bool has_more() const override { return SSL_pending(ssl_) > 0; }
  std::optional<Peer> peer() const override {
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(ssl_), X509_free);
    if (!shown || SSL_get_verify_result(ssl_) != X509_V_OK) return std::nullopt;
    const X509_NAME* subject = X509_get_subject_name(shown.get());
    const std::vector<std::string> names = texts_of(subject, NID_commonName);
    return Peer{names.empty() ? "somebody" : names.front(), texts_of(subject, NID_organizationName)};
  }
  void end() override {
    SSL_shutdown(ssl_);
    ERR_clear_error();
    shutdown(fd_, SHUT_WR);
  }

 private:
  template <class Step>
  int go_on(Step step, Steady deadline) {
    while (true) {
      ERR_clear_error();
      const int done = step();
      if (done > 0) return done;
      switch (SSL_get_error(ssl_, done)) {
        case SSL_ERROR_ZERO_RETURN: return 0;
        case SSL_ERROR_WANT_READ:
          if (!wait_for(fd_, POLLIN, deadline)) return -1;
          break;
        case SSL_ERROR_WANT_WRITE:
          if (!wait_for(fd_, POLLOUT, deadline)) return -1;
          break;
        default: ERR_clear_error(); return -1;
      }
    }
  }

  SSL* ssl_;
  int fd_;
};

// Of clients, by an authority; true where there is none. Nothing is remembered of a client, so that another
// authority holds for all who come.
bool ask_for_certificates(SSL_CTX* context, const std::filesystem::path& authority) {
  if (authority.empty()) return true;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(authority.c_str());
  if (names) SSL_CTX_set_client_CA_list(context, names);
  return names && SSL_CTX_load_verify_file(context, authority.c_str()) == 1;
}

}  // namespace

Result<std::unique_ptr<Tls>> Tls::open(TlsFiles files) {
  std::unique_ptr<Tls> tls(new Tls(std::move(files)));
  if (auto read = tls->read(); !read) return std::move(read).error();
  return tls;
}

Tls::~Tls() {
  SSL_CTX_free(context_);
}

Tls::Times Tls::written() const {
  std::error_code ignored;
  return {std::filesystem::last_write_time(files_.certificate, ignored),
          std::filesystem::last_write_time(files_.key, ignored),
          std::filesystem::last_write_time(files_.client_authority, ignored)};
}

Result<void> Tls::read() {
  const Times times = written();
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (!context) return Error{ErrorCode::Internal, "TLS: " + why()};
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  std::string problem;
  if (SSL_CTX_use_certificate_chain_file(context, files_.certificate.c_str()) != 1)
    problem = files_.certificate.string() + ": is no certificate that can be read: " + why();
  else if (SSL_CTX_use_PrivateKey_file(context, files_.key.c_str(), SSL_FILETYPE_PEM) != 1)
    problem = files_.key.string() + ": is no key that can be read, or not the certificate's: " + why();
  else if (!ask_for_certificates(context, files_.client_authority))
    problem = files_.client_authority.string() + ": holds no certificates that can be read: " + why();
  if (!problem.empty()) {
    SSL_CTX_free(context);
    return Error{ErrorCode::Invalid, problem};
  }
  SSL_CTX_free(std::exchange(context_, context));  // connections hold their own
  read_ = times;
  return {};
}

void Tls::read_if_changed() {
  const Times times = written();
  if (times == read_) return;
  const auto again = read();
  log::info(again ? "the TLS certificate is read again" : again.error().message + "; the one before stays");
  read_ = times;
}

std::unique_ptr<Wire> Tls::accept(int fd, Steady deadline) {
  SSL* ssl = nullptr;
  {
    std::lock_guard lock(mutex_);
    read_if_changed();
    ssl = SSL_new(context_);
  }
  if (!ssl) return nullptr;
  auto wire = std::make_unique<TlsWire>(ssl, fd);
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || SSL_set_fd(ssl, fd) != 1) return nullptr;
  return wire->agree(deadline) ? std::move(wire) : nullptr;
}

}  // namespace studyctl
