#include "http/followers.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>

namespace studyctl {
namespace {

using std::chrono::seconds;

// Says what it is given, then nothing more.
Followers::More saying(std::deque<std::string> parts) {
  return [parts = std::move(parts)]() mutable -> std::optional<std::string> {
    if (parts.empty()) return std::nullopt;
    std::string part = std::move(parts.front());
    parts.pop_front();
    return part;
  };
}
std::optional<std::string> nothing_yet() {
  return std::string();
}

class FollowersTest : public testing::Test {
 protected:
  // The other end of a connection whose answer goes on by `more`.
  Fd follow(Followers::More more) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    followers_.take(Fd(ends[0]), plain_wire(ends[0]), std::move(more));
    return Fd(ends[1]);
  }
  static std::string all_of(const Fd& connection) {
    std::string all;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(connection.get(), buffer, sizeof buffer)) > 0;)
      all.append(buffer, static_cast<size_t>(got));
    return all;
  }

  Followers followers_{seconds(30)};
};

TEST_F(FollowersTest, AnAnswerGoesOnInChunksToItsEnd) {
  const Fd connection = follow(saying({"one", "", std::string(20, 'x')}));
  EXPECT_EQ(all_of(connection), "3\r\none\r\n14\r\n" + std::string(20, 'x') + "\r\n0\r\n\r\n");
  followers_.wait_for_all(seconds(10));
  EXPECT_EQ(followers_.count(), 0u);
}

TEST_F(FollowersTest, WhoTakesNothingHoldsNobodyUpAndMissesNothing) {
  const size_t large = 8 << 20;  // more than a socket holds
  const Fd slow = follow(saying({std::string(large, 's'), "and more"}));
  std::vector<Fd> others;
  for (int i = 0; i < 50; ++i) others.push_back(follow(saying({std::to_string(i)})));
  for (int i = 0; i < 50; ++i) {
    const std::string size = i < 10 ? "1" : "2";
    EXPECT_EQ(all_of(others[static_cast<size_t>(i)]), size + "\r\n" + std::to_string(i) + "\r\n0\r\n\r\n");
  }
  EXPECT_GE(followers_.count(), 1u);
  const std::string all = all_of(slow);
  EXPECT_EQ(all.size(),
            std::string("800000\r\n").size() + large + std::string("\r\n8\r\nand more\r\n0\r\n\r\n").size());
}

TEST_F(FollowersTest, WhoHasGoneIsForgotten) {
  Fd connection = follow(nothing_yet);
  EXPECT_EQ(followers_.count(), 1u);
  connection = Fd();
  followers_.wait_for_all(seconds(10));
  EXPECT_EQ(followers_.count(), 0u);
}

TEST(Followers, WhoTakesNothingForLongIsGivenUp) {
  Followers followers{Duration(1)};
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd other(ends[1]);
  followers.take(Fd(ends[0]), plain_wire(ends[0]), saying({std::string(8 << 20, 's')}));
  followers.wait_for_all(seconds(10));
  EXPECT_EQ(followers.count(), 0u);
}

TEST(Followers, TheirEndCutsOffWhoIsLeft) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd other(ends[1]);
  {
    Followers followers{seconds(30)};
    followers.take(Fd(ends[0]), plain_wire(ends[0]), nothing_yet);
  }
  char byte = 0;
  EXPECT_EQ(read(other.get(), &byte, 1), 0);
}

}  // namespace
}  // namespace studyctl
