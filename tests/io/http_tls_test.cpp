#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

#include "io/http_client_fixture.h"
#include "io/subprocess.h"

namespace studyctl {
namespace {

using std::chrono::seconds;

// A certificate that signs itself, which server and client show each other; and openssl's server, which asks
// for it.
class TlsServers : public HttpClients {
 protected:
  void SetUp() override {
    const auto made =
        run_program({{"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                      "-nodes", "-keyout", file("key.pem"), "-out", file("cert.pem"), "-days", "2", "-subj",
                      "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"},
                     {},
                     {}});
    ASSERT_TRUE(made && made->end.is_success()) << (made ? made->err : made.error().message);
    std::filesystem::copy_file(file("cert.pem"), file("ca.pem"));
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    const Fd writing(ends[1]);
    output_ = Fd(ends[0]);
    auto server = Subprocess::spawn(
        {{"openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-key", file("key.pem"), "-cert",
          file("cert.pem"), "-CAfile", file("cert.pem"), "-Verify", "1", "-verify_return_error"},
         {},
         {}},
        {writing.get(), -1});
    ASSERT_TRUE(server);
    process_.emplace(std::move(*server));
    std::string line;
    for (char c = 0; line.find("ACCEPT 127.0.0.1:") == std::string::npos || c != '\n';) {
      ASSERT_EQ(read(output_.get(), &c, 1), 1) << line;
      line += c;
    }
    tcp_ = "tcp://127.0.0.1:" + std::string(trim(line.substr(line.rfind(':') + 1)));
  }
  std::string file(const std::string& name) const { return (directory_.path() / name).string(); }

  TemporaryDirectory directory_;
  Fd output_;
  std::optional<Subprocess> process_;
  std::string tcp_;
};

TEST_F(TlsServers, AClientWithTheRightFilesIsAnswered) {
  auto address = *HttpAddress::parse(tcp_);
  ASSERT_TRUE(address.use_tls(directory_.path()));
  HttpClient client(loop_, address);
  const auto answer = ask(client, get("/"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_NE(answer->body.find("TLSv1.3"), std::string::npos);
}

TEST_F(TlsServers, AServerThatNobodyVouchesForIsNotTrusted) {
  HttpClient client(loop_, *HttpAddress::parse("https" + tcp_.substr(3)));
  const auto answer = ask(client, get("/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
  EXPECT_NE(answer.error().message.find("certificate"), std::string::npos) << answer.error().message;
}

TEST_F(TlsServers, AClientWithoutACertificateIsToldSo) {
  auto address = *HttpAddress::parse(tcp_);
  ASSERT_TRUE(address.use_tls(directory_.path()));
  address.certificate_file.clear();
  HttpClient client(loop_, address);
  EXPECT_FALSE(ask(client, get("/")));
}

TEST_F(TlsServers, AFileThatIsNoCertificateIsNamed) {
  auto address = *HttpAddress::parse(tcp_);
  ASSERT_TRUE(address.use_tls(directory_.path()));
  std::ofstream(file("broken.pem")) << "no certificate";
  address.certificate_file = file("broken.pem");
  HttpClient client(loop_, address);
  const auto answer = ask(client, get("/"));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find(file("broken.pem")), std::string::npos) << answer.error().message;
}

}  // namespace
}  // namespace studyctl
