#include "io/network_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "io/http_client_fixture.h"

namespace studyctl {
namespace {

bool elsewhere(const std::string& text) {
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  if (inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1)
    return is_elsewhere(*reinterpret_cast<const sockaddr*>(&six));
  sockaddr_in four{};
  four.sin_family = AF_INET;
  EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &four.sin_addr), 1) << text;
  EXPECT_EQ(text_of(*reinterpret_cast<const sockaddr*>(&four)), text);
  return is_elsewhere(*reinterpret_cast<const sockaddr*>(&four));
}

TEST(NetworkAddress, OtherMachinesAreElsewhereAlsoInPrivateNetworks) {
  for (const char* text :
       {"93.184.216.34", "10.0.0.7", "172.16.1.1", "192.168.1.5", "100.64.0.1", "223.255.255.1",
        "2606:2800:220:1::1", "fd12:3456::1", "::ffff:10.0.0.7", "64:ff9b::5db8:d822"})
    EXPECT_TRUE(elsewhere(text)) << text;
}

TEST(NetworkAddress, ThisMachineItsLinksAndACloudsMetadataAreNot) {
  for (const char* text : {"127.0.0.1", "127.8.8.8", "0.0.0.0", "169.254.169.254", "169.254.0.1", "224.0.0.1",
                           "255.255.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.192", "::1",
                           "::", "fe80::1", "febf::1", "ff02::1", "fd00:ec2::254"})
    EXPECT_FALSE(elsewhere(text)) << text;
}

TEST(NetworkAddress, AnIPv4AddressIsNoOtherInTheFormOfIPv6) {
  for (const char* text : {"::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
                           "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1"})
    EXPECT_FALSE(elsewhere(text)) << text;
}

class ReachTest : public HttpClients {};

TEST_F(ReachTest, AClientThatIsToStayElsewhereRefusesThisMachineBeforeItConnects) {
  for (const char* url : {"http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://0x7f.1:1"}) {
    HttpAddress address;
    address.base_url = url;
    address.reach = HttpAddress::Reach::Elsewhere;
    HttpClient client(loop_, address);
    const auto answer = ask(client, get("/"));
    ASSERT_FALSE(answer);
    EXPECT_NE(answer.error().message.find("which a service does not connect to"), std::string::npos)
        << answer.error().message;
  }
}

}  // namespace
}  // namespace studyctl
