#include "io/http_client.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "io/http_client_fixture.h"

namespace studyctl {
namespace {

using std::chrono::seconds;

TEST_F(HttpClients, BringsStatusHeadersAndBody) {
  server_.on("GET /v1.41/info?x=1", Script().answer(200, R"({"ID":"a"})", {{"Api-Version", " 1.41 "}}));
  const auto answer = ask(client_, get("/v1.41/info?x=1"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, R"({"ID":"a"})");
  EXPECT_EQ(answer->header("api-version"), "1.41");
  EXPECT_EQ(answer->header("API-Version"), "1.41");
  EXPECT_EQ(answer->header("server"), "");
}

TEST_F(HttpClients, SendsMethodHeadersAndBodyAsTheyAre) {
  server_.on("*", Script().answer(201));
  HttpRequest request = post("/containers/create?name=a%20b/../c", R"({"Image":"x"})");
  request.headers = {{"Content-Type", "application/json"}, {"X-Registry-Auth", ""}};
  ASSERT_TRUE(ask(client_, request));
  const WireRequest seen = server_.requests().at(0);
  EXPECT_EQ(seen.line(), "POST /containers/create?name=a%20b/../c");
  EXPECT_EQ(seen.body, R"({"Image":"x"})");
  EXPECT_EQ(seen.headers.at("host"), "localhost");
  EXPECT_EQ(seen.headers.at("content-type"), "application/json");
  EXPECT_EQ(seen.headers.at("x-registry-auth"), "");
  EXPECT_EQ(seen.headers.at("user-agent"), "studyctl");
}

TEST_F(HttpClients, ALargeBodyIsSentWithoutAskingFirst) {
  server_.on("PUT /archive", Script().answer(200));
  HttpRequest request = post("/archive", std::string(3u << 20, 'x'));
  request.method = "PUT";
  ASSERT_TRUE(ask(client_, request));
  const WireRequest seen = server_.requests().at(0);
  EXPECT_EQ(seen.body.size(), 3u << 20);
  EXPECT_FALSE(seen.headers.contains("expect"));
  EXPECT_FALSE(seen.headers.contains("content-type"));
}

TEST_F(HttpClients, AnAnswerInChunksAndWithManyBytesIsWhole) {
  const std::string piece(300'000, 'y');
  server_.on("GET /large", Script().begin_stream().chunk(piece).chunk("end").end_stream());
  const auto answer = ask(client_, get("/large"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, piece + "end");
}

TEST_F(HttpClients, AnErrorStatusIsAnAnswer) {
  server_.on("DELETE /containers/x", Script().answer(409, "in use"));
  server_.on("HEAD /containers/x", Script().raw("HTTP/1.1 404 No\r\nContent-Length: 7\r\n\r\n"));
  HttpRequest request = get("/containers/x");
  request.method = "DELETE";
  const auto conflict = ask(client_, request);
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->status, 409);
  EXPECT_EQ(conflict->body, "in use");
  request.method = "HEAD";
  const auto head = ask(client_, request);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 404);
}

TEST_F(HttpClients, TheHeadersOfAnInterimAnswerAreNotTheAnswers) {
  server_.on("GET /x",
             Script().raw("HTTP/1.1 100 Continue\r\nA: interim\r\n\r\n").answer(200, "b", {{"B", "1"}}));
  const auto answer = ask(client_, get("/x"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->header("a"), "");
  EXPECT_EQ(answer->header("b"), "1");
}

TEST_F(HttpClients, OneConnectionServesCallsOneAfterTheOther) {
  server_.on("GET /x", Script().answer(200));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(ask(client_, get("/x")));
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(HttpClients, AGetIsRepeatedWhenItsReusedConnectionWasClosedMeanwhile) {
  server_.once("GET /x", Script().answer(200));
  server_.once("GET /x", Script().close());
  server_.once("GET /x", Script().answer(200, "again"));
  ASSERT_TRUE(ask(client_, get("/x")));
  const auto answer = ask(client_, get("/x"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "again");
  EXPECT_EQ(server_.count("GET /x"), 3);
}

TEST_F(HttpClients, APostIsNeverSaidTwice) {
  server_.on("*", Script().answer(200));
  ASSERT_TRUE(ask(client_, get("/x")));
  server_.on("POST /start", Script().close());
  const auto answer = ask(client_, post("/start"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, server_.socket_path() + ": the connection was closed without an answer");
  EXPECT_EQ(server_.count("POST /start"), 1);
}

TEST_F(HttpClients, APostThatMayBeRepeatedGoesOverAConnectionThatIsThere) {
  server_.on("*", Script().answer(200));
  ASSERT_TRUE(ask(client_, get("/x")));
  HttpRequest create = post("/create");
  create.may_be_repeated = true;
  ASSERT_TRUE(ask(client_, create));
  EXPECT_EQ(server_.connections(), 1);
  ASSERT_TRUE(ask(client_, post("/start")));
  EXPECT_EQ(server_.connections(), 2);
}

TEST_F(HttpClients, AProxyIsAskedForWhatIsBehindIt) {
  ScriptedServer proxy(ScriptedServer::Transport::Tcp);
  proxy.on("GET http://inner.invalid:8080/x", Script().answer(200, "from behind"));
  HttpAddress address = *HttpAddress::parse("http://inner.invalid:8080");
  address.proxy = proxy.address().base_url;
  HttpClient client(loop_, address);
  const auto answer = ask(client, get("/x"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "from behind");
}

// The certificate's name is looked up nowhere: the connection goes to the host that was named.
TEST_F(HttpClients, ACertificatesNameIsNotWhereTheServerIs) {
  ScriptedServer server(ScriptedServer::Transport::Tcp);
  server.on("GET /x", Script().answer(200, "there"));
  HttpAddress address = server.address();
  address.tls_name = "inner.invalid";
  HttpClient client(loop_, address);
  const auto answer = ask(client, get("/x"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "there");
  EXPECT_EQ("http://" + server.requests().back().headers.at("host"), server.address().base_url);
}

TEST_F(HttpClients, SoManyCallsAsAllowedAreUnderWayAtOnceAndTheOthersWait) {
  HttpClient narrow(loop_, server_.address(), 2);
  server_.on("GET /slow*", Script().stall("go").answer(200));
  std::vector<Answer> answers(5);
  for (size_t i = 0; i < answers.size(); ++i) narrow.call(get("/slow" + std::to_string(i)), keep(answers[i]));
  ASSERT_TRUE(until([&] { return server_.count("GET /slow*") == 2; }));
  for (int i = 0; i < 5; ++i) loop_.run_once(Duration(1));
  EXPECT_EQ(server_.count("GET /slow*"), 2);
  server_.open("go");
  const auto is_answered = [](const Answer& answer) { return answer.has_value(); };
  ASSERT_TRUE(until([&] { return std::all_of(answers.begin(), answers.end(), is_answered); }));
  for (const Answer& answer : answers) EXPECT_TRUE(answer && *answer);
  EXPECT_EQ(server_.connections(), 2);
}

TEST_F(HttpClients, StreamsTakeNoTurnFromCalls) {
  HttpClient narrow(loop_, server_.address(), 1);
  server_.on("GET /events", Script().begin_stream().stall());
  server_.on("GET /x", Script().answer(200));
  std::vector<Heard> heard(20);
  for (Heard& each : heard) listen(narrow, each, get("/events"));
  ASSERT_TRUE(ask(narrow, get("/x")));
}

TEST_F(HttpClients, ACallThatTakesTooLongEndsUnavailable) {
  server_.on("GET /slow", Script().stall());
  Answer answer;
  client_.call(get("/slow"), keep(answer));
  ASSERT_TRUE(until([&] { return server_.count("GET /slow") == 1; }));
  clock_.advance(seconds(29));
  loop_.run_once(Duration(0));
  EXPECT_FALSE(answer);
  clock_.advance(seconds(1));
  loop_.run_once(Duration(0));
  ASSERT_TRUE(answer);
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().code, ErrorCode::Unavailable);
  EXPECT_EQ(answer->error().message, server_.socket_path() + ": no answer within 30s");
}

TEST_F(HttpClients, ATimeoutCountsTheWaitForATurnAndFreesTheTurn) {
  HttpClient narrow(loop_, server_.address(), 1);
  server_.on("GET /slow", Script().stall());
  server_.on("GET /x", Script().answer(200, "x"));
  Answer first, second;
  narrow.call(get("/slow"), keep(first));
  HttpRequest patient = get("/slow");
  patient.timeout = seconds(20);
  narrow.call(patient, keep(second));
  clock_.advance(seconds(20));
  loop_.run_once(Duration(0));
  ASSERT_TRUE(second && !*second);
  EXPECT_FALSE(first);
  clock_.advance(seconds(20));
  loop_.run_once(Duration(0));
  EXPECT_TRUE(first && !*first);
  EXPECT_TRUE(ask(narrow, get("/x")));
}

TEST_F(HttpClients, ACancelledCallIsSilentWhetherItWaitsOrIsUnderWay) {
  HttpClient narrow(loop_, server_.address(), 1);
  server_.on("GET /slow", Script().stall());
  server_.on("GET /x", Script().answer(200));
  Answer first, second;
  const auto under_way = narrow.call(get("/slow"), keep(first));
  const auto waits = narrow.call(get("/slow"), keep(second));
  ASSERT_TRUE(until([&] { return server_.count("GET /slow") == 1; }));
  narrow.cancel(waits);
  narrow.cancel(under_way);
  narrow.cancel(under_way);
  narrow.cancel(4711);
  EXPECT_TRUE(ask(narrow, get("/x")));
  EXPECT_EQ(server_.count("GET /slow"), 1);
  EXPECT_FALSE(first || second);
}

TEST_F(HttpClients, CallbacksMayCallAndCancel) {
  server_.on("GET /first", Script().answer(200));
  server_.on("GET /second", Script().answer(200, "second"));
  server_.on("GET /slow", Script().stall());
  Answer slow, second;
  const auto victim = client_.call(get("/slow"), keep(slow));
  HttpClient::Token own = 0;
  own = client_.call(get("/first"), [&](const Result<HttpResponse>&) {
    client_.cancel(own);
    client_.cancel(victim);
    client_.call(get("/second"), keep(second));
  });
  ASSERT_TRUE(until([&] { return second.has_value(); }));
  EXPECT_FALSE(slow);
}

TEST_F(HttpClients, RefusesWhatWouldBreakTheRequestsLines) {
  HttpRequest header = get("/x");
  header.headers = {{"X-A", "1\r\nX-B: 2"}};
  EXPECT_EQ(ask(client_, header).error().code, ErrorCode::Invalid);
  header.headers = {{"X A", "1"}};
  EXPECT_EQ(ask(client_, header).error().code, ErrorCode::Invalid);
  HttpRequest method = get("/x");
  method.method = "GET /y";
  EXPECT_EQ(ask(client_, method).error().code, ErrorCode::Invalid);
  EXPECT_EQ(ask(client_, get("/x y")).error().message,
            "HTTP path '/x y': must begin with a slash and have no space in it");
  EXPECT_EQ(ask(client_, get("x")).error().code, ErrorCode::Invalid);
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(HttpClients, DestroyingTheClientDropsWhatIsUnderWay) {
  server_.on("GET /slow", Script().stall());
  server_.on("GET /events", Script().begin_stream().stall());
  Answer answer;
  Heard heard;
  {
    HttpClient passing(loop_, server_.address(), 1);
    passing.call(get("/slow"), keep(answer));
    passing.call(get("/slow"), keep(answer));
    listen(passing, heard, get("/events"));
    ASSERT_TRUE(until([&] { return server_.requests().size() == 2; }));
  }
  clock_.advance(std::chrono::hours(1));
  ASSERT_TRUE(until([&] { return server_.open_connections() == 0; }));
  EXPECT_FALSE(answer || heard.end);
}

TEST_F(HttpClients, SaysThatThereIsNoSocket) {
  server_.stop();
  const auto answer = ask(client_, get("/x"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(answer.error().message, server_.socket_path() + ": No such file or directory");
}

TEST_F(HttpClients, SaysThatNobodyListensOnTheSocket) {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "dead.sock").string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const Fd bound(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(bound.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  HttpClient client(loop_, *HttpAddress::parse("unix://" + path));
  EXPECT_EQ(ask(client, get("/x")).error().message, path + ": Connection refused");
}

// Root may use any socket.
class WithoutPrivileges {
 public:
  WithoutPrivileges() : user_(geteuid()) {
    if (user_ == 0 && seteuid(65534) != 0) std::abort();
  }
  ~WithoutPrivileges() {
    if (seteuid(user_) != 0) std::abort();
  }
  WithoutPrivileges(const WithoutPrivileges&) = delete;
  WithoutPrivileges& operator=(const WithoutPrivileges&) = delete;

 private:
  uid_t user_;
};

TEST_F(HttpClients, SaysThatTheSocketMayNotBeUsed) {
  ASSERT_EQ(chmod(server_.socket_path().c_str(), 0), 0);
  const WithoutPrivileges unprivileged;
  EXPECT_EQ(ask(client_, get("/x")).error().message, server_.socket_path() + ": Permission denied");
}

TEST_F(HttpClients, SurvivesAServerThatRestarts) {
  server_.on("*", Script().answer(200, "x"));
  ASSERT_TRUE(ask(client_, get("/x")));
  server_.stop();
  EXPECT_FALSE(ask(client_, get("/x")));
  server_.start();
  EXPECT_TRUE(ask(client_, get("/x")));
}

TEST_F(HttpClients, SpeaksTcpAndSaysThatAConnectionWasResetOrRefused) {
  ScriptedServer server(ScriptedServer::Transport::Tcp);
  server.on("GET /x", Script().answer(200, "x"));
  server.on("POST /reset", Script().reset());
  server.on("POST /half", Script().raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal").close());
  HttpClient client(loop_, server.address());
  const auto answer = ask(client, get("/x"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "x");
  const std::string name = server.address().text();
  EXPECT_EQ(ask(client, post("/reset")).error().message,
            name + ": the connection broke: Connection reset by peer");
  EXPECT_EQ(ask(client, post("/half")).error().message, name + ": the connection broke");
  server.stop();
  EXPECT_EQ(ask(client, get("/x")).error().message, name + ": Connection refused");
}

TEST_F(HttpClients, AnAnswerThatIsNotHttpIsAnError) {
  server_.on("GET /x", Script().raw("220 mail ready\r\n").close());
  const auto answer = ask(client_, get("/x"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
}

}  // namespace
}  // namespace studyctl
