#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/temporary_directory.h"
#include "io/http_client.h"

namespace studyctl {
namespace {

std::string problem(const std::string& text) {
  const auto address = HttpAddress::parse(text);
  if (address) return "none: " + address->text();
  EXPECT_EQ(address.error().code, ErrorCode::Invalid);
  return address.error().message;
}

TEST(HttpAddress, ASocketIsAskedAsLocalhost) {
  const auto address = HttpAddress::parse("unix:///var/run/docker.sock");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->unix_socket, "/var/run/docker.sock");
  EXPECT_EQ(address->base_url, "http://localhost");
  EXPECT_EQ(address->text(), "unix:///var/run/docker.sock");
}

TEST(HttpAddress, TcpIsHttp) {
  EXPECT_EQ(HttpAddress::parse("tcp://host:2375")->base_url, "http://host:2375");
  EXPECT_EQ(HttpAddress::parse("TCP://[::1]:2375/")->base_url, "http://[::1]:2375");
  EXPECT_EQ(HttpAddress::parse("https://host/base/")->base_url, "https://host/base");
  EXPECT_EQ(HttpAddress::parse("http://10.0.0.1")->text(), "http://10.0.0.1");
  EXPECT_EQ(HttpAddress::parse("http://h:1")->unix_socket, "");
}

TEST(HttpAddress, WhatItSaysItReadsBack) {
  for (const std::string text : {"unix:///a b", "http://h:1/x", "https://[fe80::1]:443"}) {
    EXPECT_EQ(HttpAddress::parse(HttpAddress::parse(text)->text())->text(), text);
  }
}

TEST(HttpAddress, SaysWhatIsWrong) {
  const std::string forms = "unix:///path, tcp://host:port, http://host:port or https://host:port";
  EXPECT_EQ(problem("/var/run/docker.sock"), "'/var/run/docker.sock': must be " + forms);
  EXPECT_EQ(problem("ssh://host"), "'ssh://host': ssh:// is not supported; it must be " + forms);
  EXPECT_EQ(problem("unix://run/x"), "'unix://run/x': the socket's path must be absolute");
  EXPECT_EQ(problem("tcp://"), "'tcp://': a host is missing");
  EXPECT_EQ(problem("tcp://:2375"), "'tcp://:2375': a host is missing");
  EXPECT_EQ(problem("tcp://h:0"), "'tcp://h:0': the port must be a number from 1 to 65535");
  EXPECT_EQ(problem("tcp://h:65536"), "'tcp://h:65536': the port must be a number from 1 to 65535");
  EXPECT_EQ(problem("tcp://h:x"), "'tcp://h:x': the port must be a number from 1 to 65535");
  EXPECT_EQ(problem("tcp://::1:5"), "'tcp://::1:5': an IPv6 address stands in brackets: [::1]:2375");
  EXPECT_EQ(problem("http://user@h"), "'http://user@h': the host is not a name");
  EXPECT_NE(problem("http://h\nost:1").find("must be"), std::string::npos);
}

TEST(HttpAddress, ASocketsPathHasToFit) {
  const std::string longest = "/" + std::string(106, 'x');
  EXPECT_TRUE(HttpAddress::parse("unix://" + longest));
  EXPECT_NE(problem("unix://" + longest + "x").find("may have 107 bytes, it has 108"), std::string::npos);
}

TEST(HttpAddress, TlsNeedsItsThreeFiles) {
  const TemporaryDirectory directory;
  auto address = *HttpAddress::parse("tcp://h:2376");
  std::ofstream(directory.path() / "ca.pem") << "x";
  std::ofstream(directory.path() / "key.pem") << "x";
  const auto missing = address.use_tls(directory.path());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_EQ(missing.error().message,
            (directory.path() / "cert.pem").string() + ": there is no such file, which TLS needs");
  std::ofstream(directory.path() / "cert.pem") << "x";
  ASSERT_TRUE(address.use_tls(directory.path()));
  EXPECT_EQ(address.base_url, "https://h:2376");
  EXPECT_EQ(address.key_file, (directory.path() / "key.pem").string());
  EXPECT_FALSE(HttpAddress::parse("unix:///x")->use_tls(directory.path()));
}

}  // namespace
}  // namespace studyctl
