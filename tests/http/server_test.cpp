#include "http/server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "base/temporary_directory.h"
#include "http/guard.h"
#include "http/raw_client.h"

namespace studyctl {
namespace {

using std::chrono::milliseconds;

class ServerTest : public testing::Test {
 protected:
  void listen(const ServerLimits& limits = {}) {
    auto server = Server::listen({"", "127.0.0.1", 0}, limits, [this](const ApiRequest& request) {
      ++asked_;
      return answer_(request);
    });
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }

  // One request on a connection of its own.
  std::string ask(const std::string& request) {
    RawClient client(server_->port());
    client.send(request);
    return client.read_all(2000);
  }
  static std::string get(const std::string& path, const std::string& headers = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "Connection: close\r\n\r\n";
  }
  static std::string post(const std::string& headers, const std::string& body) {
    return "POST /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n" + body;
  }
  static std::string status_of(const std::string& answer) { return answer.substr(0, answer.find("\r\n")); }

  std::function<ApiResponse(const ApiRequest&)> answer_ = [](const ApiRequest& request) {
    return ApiResponse{200, request.method + " " + request.path + " " + request.body, "text/plain"};
  };
  std::atomic<int> asked_ = 0;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersWithPathQueryHeadersAndBody) {
  answer_ = [](const ApiRequest& request) {
    return ApiResponse{201,
                       request.path + "|" + request.query.at("by") + "|" + request.headers.at("x-thing") +
                           "|" + request.body,
                       "text/plain",
                       {{"ETag", "\"7\""}}};
  };
  listen();
  const std::string answer =
      ask("POST /api/a%20b?by=x%26y HTTP/1.1\r\nHost: localhost\r\nX-Thing: 1\r\nContent-Length: 4\r\n"
          "Connection: close\r\n\r\nbody");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 201 Created");
  EXPECT_NE(answer.find("ETag: \"7\""), std::string::npos);
  EXPECT_TRUE(answer.ends_with("/api/a b|x&y|1|body")) << answer;
}

TEST_F(ServerTest, AnswersRequestsThatCameAtOnceOneAfterTheOther) {
  listen();
  RawClient client(server_->port());
  client.send("GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /2 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string answer = client.read_to("GET /2 ");
  EXPECT_NE(answer.find("GET /1 "), std::string::npos);
  EXPECT_NE(answer.find("GET /2 "), std::string::npos);
}

TEST_F(ServerTest, TakesNoBodyOfUnknownLength) {
  listen();
  EXPECT_EQ(status_of(ask(post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"))),
            "HTTP/1.1 411 Length Required");
  EXPECT_EQ(status_of(ask(post("", ""))), "HTTP/1.1 411 Length Required");
  EXPECT_EQ(status_of(ask(post("Content-Length: 3\r\nContent-Encoding: gzip\r\n", "abc"))),
            "HTTP/1.1 415 Unsupported Media Type");
  EXPECT_EQ(asked_, 0);
}

TEST_F(ServerTest, WhatIsLeftOfARefusedRequestIsNoRequest) {
  listen();
  RawClient client(server_->port());
  client.send(
      "POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string answer = client.read_all();
  EXPECT_EQ(status_of(answer), "HTTP/1.1 411 Length Required");
  EXPECT_EQ(answer.find("smuggled"), std::string::npos);
  EXPECT_EQ(asked_, 0);
}

TEST_F(ServerTest, TakesNoBodyBeyondTheLimit) {
  ServerLimits limits;
  limits.body = 1000;
  listen(limits);
  EXPECT_EQ(status_of(ask(post("Content-Length: 1001\r\n", std::string(1001, 'x')))),
            "HTTP/1.1 413 Payload Too Large");
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(status_of(ask(post("Content-Length: 1000\r\n", std::string(1000, 'x')))), "HTTP/1.1 200 OK");
}

TEST_F(ServerTest, AHeaderCannotHoldALineBreak) {
  listen();
  EXPECT_EQ(status_of(ask(get("/", "X-Thing: a%0d%0aEvil: 1\r\n"))), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status_of(ask(get("/a%0d%0ab"))), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status_of(ask(get("/a%00b"))), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(asked_, 0);
}

TEST_F(ServerTest, NoPathLeadsUp) {
  listen();
  for (const char* path : {"/../etc/passwd", "/a/../../b", "/%2e%2e/b", "/a/.%2e"})
    EXPECT_EQ(status_of(ask(get(path))), "HTTP/1.1 400 Bad Request") << path;
  EXPECT_EQ(asked_, 0);
}

TEST_F(ServerTest, ForwardingHeadersAreTakenFromNobody) {
  listen();
  for (const char* header : {"X-Forwarded-For: 9.9.9.9", "Forwarded: for=9.9.9.9", "REMOTE_ADDR: 9.9.9.9"})
    EXPECT_EQ(status_of(ask(get("/", std::string(header) + "\r\n"))), "HTTP/1.1 400 Bad Request") << header;
  EXPECT_EQ(asked_, 0);
}

TEST_F(ServerTest, OnlyItsOwnNamesReachIt) {
  listen();
  const auto from = [&](const std::string& headers) {
    return status_of(ask("GET / HTTP/1.1\r\n" + headers + "Connection: close\r\n\r\n"));
  };
  EXPECT_EQ(from("Host: attacker.example\r\n"), "HTTP/1.1 421 Misdirected Request");
  EXPECT_EQ(from(""), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(from("Host: localhost:1\r\nOrigin: http://attacker.example\r\n"), "HTTP/1.1 403 Forbidden");
  EXPECT_EQ(from("Host: localhost:1\r\nOrigin: null\r\n"), "HTTP/1.1 403 Forbidden");
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(from("Host: localhost:1\r\nOrigin: http://localhost:1\r\n"), "HTTP/1.1 200 OK");
  EXPECT_EQ(from("Host: [::1]:1\r\n"), "HTTP/1.1 200 OK");
}

TEST(Guard, AServerAtAnyAddressIsReachedByAddressesAndByItsNames) {
  const auto status = [](const std::string& host, const ListenAddress& own) {
    ApiRequest request;
    request.method = "GET";
    request.path = "/";
    request.headers = {{"host", host}};
    const auto refusal = refuse(request, own);
    return refusal ? refusal->status : 200;
  };
  const ListenAddress any{{}, "0.0.0.0", 8080, {"Lab.example"}};
  EXPECT_EQ(status("192.0.2.7:8080", any), 200);
  EXPECT_EQ(status("[2001:db8::7]:8080", any), 200);
  EXPECT_EQ(status("lab.EXAMPLE:8080", any), 200);
  EXPECT_EQ(status("attacker.example", any), 421);
  EXPECT_EQ(status("192.0.2.7.attacker.example", any), 421);
  EXPECT_EQ(status("192.0.2.7:8080", {{}, "127.0.0.1", 8080}), 421);
}

TEST_F(ServerTest, WhatItDoesNotUnderstandIsToldAsAProblem) {
  listen();
  const std::string answer = ask("BREW / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 400 Bad Request");
  EXPECT_NE(answer.find("application/problem+json"), std::string::npos);
}

TEST_F(ServerTest, AnExceptionTellsNothingOfItself) {
  answer_ = [](const ApiRequest&) -> ApiResponse { throw std::runtime_error("the password is 1234"); };
  listen();
  const std::string answer = ask(get("/"));
  EXPECT_EQ(status_of(answer), "HTTP/1.1 500 Internal Server Error");
  EXPECT_EQ(answer.find("1234"), std::string::npos);
}

TEST_F(ServerTest, AnEndlessHeaderLineIsCutOff) {
  listen();
  RawClient client(server_->port());
  client.send("GET / HTTP/1.1\r\nX: ");
  const std::string megabyte(1 << 20, 'x');
  size_t taken = 0;
  for (int i = 0; i < 64; ++i) taken += client.send(megabyte);
  EXPECT_LT(taken, 32u << 20);
  EXPECT_EQ(asked_, 0);
}

TEST_F(ServerTest, ARequestThatDripsInIsCutOff) {
  ServerLimits limits;
  limits.request = milliseconds(200);
  listen(limits);
  RawClient client(server_->port());
  client.send("GET / HTTP/1.1\r\n");
  EXPECT_EQ(status_of(client.read_all()), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(asked_, 0);
}

TEST_F(ServerTest, OneConnectionTooManyIsToldSo) {
  ServerLimits limits;
  limits.connections = 2;
  listen(limits);
  RawClient first(server_->port()), second(server_->port());
  for (RawClient* client : {&first, &second}) {
    client->send("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_NE(client->read_to("GET /x ").find("200 OK"), std::string::npos);
  }
  RawClient third(server_->port());
  EXPECT_EQ(status_of(third.read_all()), "HTTP/1.1 503 Service Unavailable");
  first.send("GET /y HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_NE(first.read_to("GET /y ").find("200 OK"), std::string::npos);
}

TEST_F(ServerTest, ConnectionsThatComeAtOnceDoNotWaitForEachOther) {
  ServerLimits limits;
  limits.idle = std::chrono::minutes(1);
  listen(limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < 5; ++i) clients.push_back(std::make_unique<RawClient>(server_->port()));
    // All of them stay open, so that none is answered on a thread that another has left.
    for (const auto& client : clients) client->send("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (const auto& client : clients)
      ASSERT_NE(client->read_to("GET /x ").find("200 OK"), std::string::npos) << "in round " << round;
  }
}

TEST_F(ServerTest, AnAnswerMayGoOn) {
  std::atomic<int> part = 0;
  answer_ = [&](const ApiRequest&) {
    ApiResponse response{200, "", "text/event-stream"};
    response.more = [&]() -> std::optional<std::string> {
      const int now = ++part;
      if (now == 2) return "";  // nothing yet
      return now > 4 ? std::nullopt : std::optional("part " + std::to_string(now) + "\n");
    };
    return response;
  };
  listen();
  const std::string answer = ask(get("/"));
  for (const char* wanted : {"text/event-stream", "part 1", "part 3", "part 4"})
    EXPECT_NE(answer.find(wanted), std::string::npos) << answer;
}

TEST_F(ServerTest, WhatGoesOnMayComeToItsEnd) {
  std::atomic<bool> is_over = false;
  answer_ = [&](const ApiRequest&) {
    ApiResponse response{200, "", "text/event-stream"};
    response.more = [&, parts = 0]() mutable -> std::optional<std::string> {
      if (parts == 0) return ++parts, "tick\n";
      if (parts == 1 && is_over) return ++parts, "end\n";
      return parts == 2 ? std::nullopt : std::optional<std::string>("");
    };
    return response;
  };
  listen();
  RawClient follower(server_->port());
  follower.send(get("/"));
  EXPECT_NE(follower.read_to("tick").find("tick"), std::string::npos);
  is_over = true;
  server_->finish(std::chrono::seconds(10));
  server_.reset();
  EXPECT_NE(follower.read_all().find("end\n"), std::string::npos);
}

TEST_F(ServerTest, WhoIsToldOfTheEndMayAskHowItEnded) {
  answer_ = [](const ApiRequest& request) {
    ApiResponse response{200, "it succeeded", "text/plain"};
    if (request.path == "/events")
      response.more = [parts = 0]() mutable { return parts++ == 0 ? std::optional("end\n") : std::nullopt; };
    return response;
  };
  listen();
  RawClient follower(server_->port());
  follower.send(get("/events"));
  EXPECT_NE(follower.read_to("end").find("end"), std::string::npos);
  std::string how;
  std::thread page([&] {
    (void)follower.read_all();  // it has heard all of it by now
    how = ask(get("/status"));
  });
  server_->finish(std::chrono::seconds(10));
  server_.reset();
  page.join();
  EXPECT_NE(how.find("it succeeded"), std::string::npos);
}

TEST_F(ServerTest, ItEndsAlthoughSomebodyFollows) {
  answer_ = [](const ApiRequest&) {
    ApiResponse response{200, "", "text/event-stream"};
    response.more = [] { return std::optional<std::string>("tick\n"); };
    return response;
  };
  listen();
  RawClient follower(server_->port());
  follower.send(get("/"));
  EXPECT_NE(follower.read_to("tick").find("tick"), std::string::npos);
  server_.reset();
  RawClient idle(1);
  EXPECT_FALSE(idle.is_open());
}

TEST_F(ServerTest, NoOtherTakesItsPort) {
  listen();
  const auto other = Server::listen({"", "127.0.0.1", server_->port()}, {}, answer_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::Unavailable);
}

TEST(UnixServer, ItsSocketIsItsOwnersAlone) {
  const TemporaryDirectory directory;
  const auto socket = directory.path() / "control.sock";
  auto server = Server::listen({socket, "", 0}, {}, [](const ApiRequest&) { return ApiResponse{}; });
  ASSERT_TRUE(server) << server.error().message;
  struct stat status {};
  ASSERT_EQ(stat(socket.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  server->reset();
  EXPECT_FALSE(std::filesystem::exists(socket));
}

TEST(ListenAddress, IsAnAddressAndAPort) {
  EXPECT_EQ(parse_listen_address("127.0.0.1:8080")->port, 8080);
  EXPECT_EQ(parse_listen_address(":8080")->host, "127.0.0.1");
  EXPECT_EQ(parse_listen_address("localhost:0")->host, "127.0.0.1");
  EXPECT_EQ(authority_of(*parse_listen_address("[::1]:9")), "[::1]:9");
  EXPECT_TRUE(is_loopback(*parse_listen_address("[::1]:9")));
  EXPECT_FALSE(is_loopback(*parse_listen_address("0.0.0.0:9")));
  for (const char* bad : {"", "8080", "host.example:80", "127.0.0.1", "127.0.0.1:70000", "127.0.0.1:x"})
    EXPECT_EQ(parse_listen_address(bad).error().code, ErrorCode::Invalid) << bad;
}

}  // namespace
}  // namespace studyctl
