#include "http/tls.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <filesystem>

#include "base/fd.h"
#include "base/temporary_directory.h"
#include "base/text.h"
#include "http/raw_client.h"
#include "http/server.h"
#include "io/subprocess.h"

namespace studyctl {
namespace {

// A client that speaks TLS to loopback, and believes any certificate.
class TlsClient {
 public:
  explicit TlsClient(int port, int most_version = TLS1_3_VERSION, const std::string& identity = "")
      : context_(SSL_CTX_new(TLS_client_method())),
        socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    SSL_CTX_set_max_proto_version(context_, most_version);
    if (!identity.empty()) {
      SSL_CTX_use_certificate_file(context_, (identity + ".pem").c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context_, (identity + ".key").c_str(), SSL_FILETYPE_PEM);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_.get());
    agreed_ = connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
              SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool agreed() const { return agreed_; }
  // The name in the certificate that the server shows.
  std::string name() const {
    char text[256] = "";
    X509* shown = SSL_get1_peer_certificate(ssl_);
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, text, sizeof text);
    X509_free(shown);
    return text;
  }
  std::string ask(const std::string& request) {
    if (SSL_write(ssl_, request.data(), static_cast<int>(request.size())) <= 0) return "";
    std::string answer;
    char buffer[65536];
    for (int got = 0; (got = SSL_read(ssl_, buffer, sizeof buffer)) > 0;)
      answer.append(buffer, static_cast<size_t>(got));
    return answer;
  }

 private:
  SSL_CTX* context_;
  Fd socket_;
  SSL* ssl_ = nullptr;
  bool agreed_ = false;
};

class TlsTest : public testing::Test {
 protected:
  void SetUp() override {
    make("one");
    listen({file("cert.pem"), file("key.pem")});
  }
  void listen(TlsFiles files) {
    server_.reset();
    auto tls = Tls::open(std::move(files));
    ASSERT_TRUE(tls) << tls.error().message;
    tls_ = *std::move(tls);
    ServerLimits limits;
    limits.request = Duration(500);
    auto server = Server::listen({{}, "127.0.0.1", 0}, limits,
                                 [](const ApiRequest& request) {
                                   ApiResponse response{200, request.path + " " + request.body};
                                   if (request.path == "/large") response.body.assign(3 << 20, 'x');
                                   if (request.path == "/who") response.body = text_of(request.peer);
                                   return response;
                                 },
                                 {{}, {}, tls_.get()});
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }
  static std::string text_of(const std::optional<Peer>& peer) {
    return peer ? peer->name + " of " + join(peer->organizations, ", ") : "nobody";
  }
  static void make_pair(const std::string& certificate, const std::string& key, const std::string& subject) {
    const auto made =
        run_program({{"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                      "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", subject},
                     {},
                     {}});
    ASSERT_TRUE(made && made->end.is_success()) << (made ? made->err : made.error().message);
  }
  void make(const std::string& name) {
    make_pair(file("cert.pem"), file("key.pem"), "/CN=" + name);
    // Within a tick of the file system's clock a change would not be seen.
    for (const char* written : {"cert.pem", "key.pem"})
      std::filesystem::last_write_time(file(written),
                                       std::filesystem::file_time_type(std::chrono::seconds(++changes_)));
  }
  std::string file(const std::string& name) const { return (directory_.path() / name).string(); }
  static std::string get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  }

  TemporaryDirectory directory_;
  int changes_ = 0;
  std::unique_ptr<Tls> tls_;
  std::unique_ptr<Server> server_;
};

TEST_F(TlsTest, ARequestIsAnsweredThroughIt) {
  TlsClient client(server_->port());
  ASSERT_TRUE(client.agreed());
  const std::string body(200'000, 'b');  // more than a record
  const std::string answer = client.ask(
      "POST /there HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n" +
      body);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer.substr(0, 100);
  EXPECT_TRUE(answer.ends_with("/there " + body));
}

TEST_F(TlsTest, ALargeAnswerArrivesWhole) {
  TlsClient client(server_->port());
  const std::string answer = client.ask(get("/large"));
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, size_t{3} << 20);
}

TEST_F(TlsTest, OldVersionsAreRefused) {
  EXPECT_FALSE(TlsClient(server_->port(), TLS1_1_VERSION).agreed());
  EXPECT_TRUE(TlsClient(server_->port(), TLS1_2_VERSION).agreed());
}

TEST_F(TlsTest, WhoSpeaksPlainHttpIsNotAnsweredAndHoldsNobodyUp) {
  RawClient plain(server_->port());
  plain.send(get("/"));
  EXPECT_EQ(plain.read_all().find("200 OK"), std::string::npos);
  RawClient silent(server_->port());
  EXPECT_EQ(silent.read_all(), "");  // its time to agree is over
}

TEST_F(TlsTest, AChangedCertificateIsShownFromThenOn) {
  EXPECT_EQ(TlsClient(server_->port()).name(), "one");
  make("two");
  EXPECT_EQ(TlsClient(server_->port()).name(), "two");
  ASSERT_TRUE(write_file_atomically(file("cert.pem"), "nonsense"));
  EXPECT_EQ(TlsClient(server_->port()).name(), "two");
}

TEST_F(TlsTest, AClientIsKnownByACertificateOfTheAuthority) {
  make_pair(file("ann.pem"), file("ann.key"), "/O=lab/O=operator/CN=ann");
  make_pair(file("eve.pem"), file("eve.key"), "/O=operator/CN=ann");
  listen({file("cert.pem"), file("key.pem"), file("ann.pem")});
  const auto who = [this](int version, const std::string& name) {
    TlsClient client(server_->port(), version, name.empty() ? "" : file(name));
    if (!client.agreed()) return std::string("refused");
    const std::string answer = client.ask(get("/who"));
    return answer.empty() ? "refused" : answer.substr(answer.find("\r\n\r\n") + 4);
  };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(who(version, "ann"), "ann of lab, operator");
    EXPECT_EQ(who(version, ""), "nobody");
    EXPECT_EQ(who(version, "eve"), "refused");
  }
  EXPECT_FALSE(Tls::open({file("cert.pem"), file("key.pem"), file("key.pem")}));
}

TEST_F(TlsTest, FilesThatDoNotBelongTogetherAreRefused) {
  std::filesystem::copy_file(file("key.pem"), file("old.pem"));
  make("two");
  const auto tls = Tls::open({file("cert.pem"), file("old.pem")});
  ASSERT_FALSE(tls);
  EXPECT_EQ(tls.error().code, ErrorCode::Invalid);
  EXPECT_NE(tls.error().message.find("old.pem: is no key that can be read, or not the certificate's"),
            std::string::npos)
      << tls.error().message;
  EXPECT_FALSE(Tls::open({file("nowhere"), file("key.pem")}));
}

}  // namespace
}  // namespace studyctl
