#include "engine/docker/endpoint.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"
#include "io/scripted_server.h"

namespace studyctl {
namespace {

HttpResponse ping(const std::string& api, const std::string& server, const std::string& podman = {}) {
  HttpResponse response{200, "OK", {{"api-version", api}, {"server", server}}};
  if (!podman.empty()) response.headers.emplace_back("libpod-api-version", podman);
  return response;
}

TEST(NegotiatedMinor, IsOneThatEveryReleaseAccepts) {
  EXPECT_EQ(negotiated_minor(41), 41);  // Docker 20.10, Podman
  EXPECT_EQ(negotiated_minor(43), 43);
  EXPECT_EQ(negotiated_minor(44), 44);
  EXPECT_EQ(negotiated_minor(52), 44);  // Docker 29.0 refuses anything older
}

TEST(ReadPing, TellsPodmanByItsHeader) {
  const auto docker = read_ping({}, ping("1.41", "Docker/20.10.24+dfsg1 (linux)"));
  ASSERT_TRUE(docker);
  EXPECT_EQ(docker->text(), "Docker 20.10.24 (API 1.41)");
  const auto podman = read_ping({}, ping("1.41", "Libpod/4.3.1 (linux)", "4.3.1"));
  ASSERT_TRUE(podman);
  EXPECT_EQ(podman->text(), "Podman 4.3.1 (API 1.41)");
}

TEST(ReadPing, RefusesWhatIsTooOldOrNoEngine) {
  EXPECT_FALSE(read_ping({}, ping("1.40", "Docker/19.03.15")));
  EXPECT_FALSE(read_ping({}, HttpResponse{200, "<html>", {{"server", "nginx"}}}));
}

std::vector<std::string> places(const EngineSearch& search) {
  std::vector<std::string> result;
  for (const Candidate& candidate : candidates(search)) result.push_back(candidate.address);
  return result;
}

TEST(Candidates, AreTheKnownSocketsWhenNothingIsSaid) {
  EngineSearch search;
  search.runtime_directory = "/run/user/7";
  EXPECT_EQ(places(search), (std::vector<std::string>{
                                "unix:///var/run/docker.sock", "unix:///run/user/7/docker.sock",
                                "unix:///run/user/7/podman/podman.sock", "unix:///run/podman/podman.sock"}));
  search.kind = EngineKind::Podman;
  EXPECT_EQ(places(search), (std::vector<std::string>{"unix:///run/user/7/podman/podman.sock",
                                                      "unix:///run/podman/podman.sock"}));
}

TEST(Candidates, AreNothingElseWhenOneIsNamed) {
  EngineSearch search;
  search.docker_host = "tcp://box:2375";
  search.container_host = "unix:///p.sock";
  EXPECT_EQ(places(search), std::vector<std::string>{"tcp://box:2375"});
  search.kind = EngineKind::Podman;
  EXPECT_EQ(places(search), std::vector<std::string>{"unix:///p.sock"});
  search.endpoint = "unix:///recorded.sock";
  EXPECT_EQ(places(search), std::vector<std::string>{"unix:///recorded.sock"});
}

class FindEndpoint : public ::testing::Test {
 protected:
  FindEndpoint() {
    search_.docker_socket = (directory_.path() / "docker.sock").string();
    search_.podman_socket = (directory_.path() / "podman.sock").string();
  }
  TemporaryDirectory directory_;
  SystemClock clock_;
  EventLoop loop_{clock_};
  EngineSearch search_;
};

TEST_F(FindEndpoint, SaysWhereItLookedAndWhatToInstall) {
  const auto found = find_endpoint(loop_, search_);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::NotFound);
  EXPECT_NE(found.error().message.find(search_.docker_socket), std::string::npos);
  EXPECT_NE(found.error().message.find(search_.podman_socket), std::string::npos);
  EXPECT_NE(found.error().message.find("apt-get install podman"), std::string::npos);
}

TEST_F(FindEndpoint, TakesTheFirstThatAnswers) {
  ScriptedServer server;
  server.on("GET /_ping",
            Script().answer(200, "OK", {{"Api-Version", "1.47"}, {"Server", "Docker/27.1.0 (linux)"}}));
  search_.docker_socket = server.socket_path();
  const auto found = find_endpoint(loop_, search_);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->text(), "Docker 27.1.0 (API 1.44)");
  EXPECT_TRUE(found->is_local());
}

TEST(OwnContainer, IsNamedByTheFilesThatEnginesMount) {
  const std::string id(64, 'a');
  EXPECT_EQ(own_container("35 24 0:3 / /proc rw - proc proc rw\n"
                          "36 24 8:1 /var/lib/docker/containers/" +
                          id + "/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"),
            id);
  EXPECT_EQ(own_container("36 24 0:9 /containers/overlay-containers/" + id +
                          "/userdata/resolv.conf /etc/resolv.conf rw - tmpfs tmpfs rw\n"),
            id);
  EXPECT_EQ(own_container("36 24 8:1 /srv/" + id + " /data rw - ext4 /dev/sda1 rw\nshort line\n"),
            std::nullopt);
}

TEST(HostPaths, AreOursOutsideOfAContainer) {
  EXPECT_EQ(*HostPaths().outside("/a/../b"), "/a/../b");
}

TEST(HostPaths, AreThoseOfTheNearestMount) {
  const HostPaths paths({{"/r", "/srv/r"}, {"/r/deep", "/mnt"}, {"/r/memory", ""}});
  EXPECT_EQ(*paths.outside("/r"), "/srv/r");
  EXPECT_EQ(*paths.outside("/r/a/b"), "/srv/r/a/b");
  EXPECT_EQ(*paths.outside("/r/deep/b"), "/mnt/b");
  EXPECT_EQ(*paths.outside("/r/deeper"), "/srv/r/deeper");
  EXPECT_EQ(paths.outside("/rest").error().code, ErrorCode::Invalid);
  EXPECT_EQ(paths.outside("/r/memory/a").error().code, ErrorCode::Invalid);
  EXPECT_EQ(paths.outside("/r/../etc").error().code, ErrorCode::Invalid);
}

TEST(HostPaths, ALinkLeadsWhereItLeadsHere) {
  TemporaryDirectory directory;
  const std::filesystem::path root = std::filesystem::canonical(directory.path());
  std::filesystem::create_directories(root / "data/real");
  std::filesystem::create_symlink(root / "data/real", root / "data/in");
  std::filesystem::create_symlink("/usr", root / "data/out");
  const HostPaths paths({{root / "data", "/srv"}});
  EXPECT_EQ(*paths.outside(root / "data/in/x"), "/srv/real/x");
  EXPECT_EQ(paths.outside(root / "data/out/x").error().code, ErrorCode::Invalid);
}

TEST_F(FindEndpoint, RefusesANamedOneOfAnotherKind) {
  ScriptedServer server;
  server.on("GET /_ping",
            Script().answer(200, "OK", {{"Api-Version", "1.41"}, {"Server", "Docker/20.10.24 (linux)"}}));
  search_.kind = EngineKind::Podman;
  search_.docker_host = "unix://" + server.socket_path();
  const auto found = find_endpoint(loop_, search_);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::Unavailable);
  EXPECT_NE(found.error().message.find("is Docker 20.10.24 (API 1.41), not Podman"), std::string::npos)
      << found.error().message;
}

TEST_F(FindEndpoint, NamesTheVariableThatPointsNowhere) {
  search_.docker_host = "unix://" + search_.docker_socket;
  const auto found = find_endpoint(loop_, search_);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::Unavailable);
  EXPECT_NE(found.error().message.find("DOCKER_HOST=unix://" + search_.docker_socket), std::string::npos);
  search_.docker_host = "ftp://x";
  EXPECT_EQ(find_endpoint(loop_, search_).error().code, ErrorCode::Invalid);
}

}  // namespace
}  // namespace studyctl
