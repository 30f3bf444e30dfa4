#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/http_client_fixture.h"

namespace studyctl {
namespace {

using std::chrono::seconds;
using HttpStreams = HttpClients;

TEST_F(HttpStreams, AStreamTellsItsHeadersBeforeAnythingCame) {
  server_.on("GET /events",
             Script().begin_stream(200).stall("event").chunk("one\n").stall("end").end_stream());
  Heard heard;
  listen(client_, heard, get("/events"));
  ASSERT_TRUE(until([&] { return !heard.heads.empty(); }));
  EXPECT_EQ(heard.bytes, "");
  server_.open("event");
  ASSERT_TRUE(until([&] { return !heard.bytes.empty(); }));
  EXPECT_EQ(heard.bytes, "one\n");
  EXPECT_FALSE(heard.end);
  server_.open("end");
  ASSERT_TRUE(until([&] { return heard.end.has_value(); }));
  ASSERT_TRUE(*heard.end);
  EXPECT_EQ((*heard.end)->status, 200);
  EXPECT_EQ((*heard.end)->body, "");
  EXPECT_EQ(heard.heads, std::vector<int>{200});
}

TEST_F(HttpStreams, AStreamWithAnErrorStatusTellsItAndItsBody) {
  server_.on("GET /logs", Script().answer(404, "no such container"));
  Heard heard;
  listen(client_, heard, get("/logs"));
  ASSERT_TRUE(until([&] { return heard.end.has_value(); }));
  EXPECT_EQ(heard.heads, std::vector<int>{404});
  EXPECT_EQ(heard.bytes, "no such container");
  ASSERT_TRUE(*heard.end);
  EXPECT_EQ((*heard.end)->status, 404);
}

TEST_F(HttpStreams, AStreamWithoutABodyTellsItsHeadersToo) {
  server_.on("GET /logs", Script().answer(204));
  Heard heard;
  listen(client_, heard, get("/logs"));
  ASSERT_TRUE(until([&] { return heard.end.has_value(); }));
  EXPECT_EQ(heard.heads, std::vector<int>{204});
}

TEST_F(HttpStreams, ManyBytesOfAStreamComeWholeAndInOrder) {
  std::string sent;
  for (int i = 0; sent.size() < 2u << 20; ++i) sent += std::to_string(i) + "\n";
  server_.on("GET /logs",
             Script().begin_stream().chunk(sent.substr(0, 7)).chunk(sent.substr(7)).end_stream());
  Heard heard;
  listen(client_, heard, get("/logs"));
  ASSERT_TRUE(until([&] { return heard.end.has_value(); }));
  EXPECT_TRUE(heard.bytes == sent);
}

TEST_F(HttpStreams, AStreamThatBreaksInAChunkKeepsItsBytesAndEndsUnavailable) {
  server_.on("GET /events", Script().begin_stream().chunk("one\n").raw("ff\r\nhalf").close());
  Heard heard;
  listen(client_, heard, get("/events"));
  ASSERT_TRUE(until([&] { return heard.end.has_value(); }));
  EXPECT_EQ(heard.bytes, "one\nhalf");
  ASSERT_FALSE(*heard.end);
  EXPECT_EQ(heard.end->error().code, ErrorCode::Unavailable);
  EXPECT_EQ(heard.end->error().message, server_.socket_path() + ": the connection broke");
}

TEST_F(HttpStreams, AStreamEndsWhenItsReaderHasEnough) {
  server_.on("GET /events", Script().begin_stream().chunk("one").stall());
  Answer end;
  int chunks = 0;
  client_.stream(
      get("/events"), [](const HttpResponse&) {},
      [&](std::string_view) {
        ++chunks;
        return false;
      },
      keep(end));
  ASSERT_TRUE(until([&] { return end.has_value(); }));
  ASSERT_TRUE(*end);
  EXPECT_EQ(chunks, 1);
  ASSERT_TRUE(until([&] { return server_.open_connections() == 0; }));
}

TEST_F(HttpStreams, AStreamMayBeCancelledByItsOwnCallbacks) {
  server_.on("GET /events", Script().begin_stream().chunk("one").stall());
  int heads = 0, chunks = 0;
  HttpClient::Token from_headers = 0, from_chunk = 0;
  from_headers = client_.stream(
      get("/events"),
      [&, kept = std::string(100, 'x')](const HttpResponse& head) {
        client_.cancel(from_headers);
        heads += head.status == 200 && kept.size() == 100;
      },
      [](std::string_view) {
        ADD_FAILURE();
        return true;
      },
      [](const Result<HttpResponse>&) { ADD_FAILURE(); });
  from_chunk = client_.stream(
      get("/events"), [](const HttpResponse&) {},
      [&, kept = std::string(100, 'x')](std::string_view bytes) {
        client_.cancel(from_chunk);
        chunks += bytes == "one" && kept.size() == 100;
        return false;
      },
      [](const Result<HttpResponse>&) { ADD_FAILURE(); });
  ASSERT_TRUE(until([&] { return heads == 1 && chunks == 1; }));
  ASSERT_TRUE(until([&] { return server_.open_connections() == 0; }));
}

TEST_F(HttpStreams, AChunkMayCallAndCancelOthers) {
  server_.on("GET /events", Script().begin_stream().chunk("one").stall());
  server_.on("GET /x", Script().answer(200, "x"));
  Heard other;
  Answer answer;
  const auto victim = listen(client_, other, get("/events"));
  client_.stream(
      get("/events"), [](const HttpResponse&) {},
      [&](std::string_view) {
        client_.cancel(victim);
        client_.call(get("/x"), keep(answer));
        return true;
      },
      [](const Result<HttpResponse>&) { ADD_FAILURE(); });
  ASSERT_TRUE(until([&] { return answer.has_value(); }));
  ASSERT_TRUE(*answer);
  EXPECT_FALSE(other.end);
}

TEST_F(HttpStreams, AStreamWithATimeoutEndsThere) {
  server_.on("GET /events", Script().begin_stream().chunk("one").stall());
  Answer end;
  std::string bytes;
  HttpRequest request = get("/events");
  request.timeout = seconds(5);
  client_.stream(
      request, [](const HttpResponse&) {},
      [&](std::string_view piece) {
        bytes += piece;
        return true;
      },
      keep(end));
  ASSERT_TRUE(until([&] { return bytes == "one"; }));
  clock_.advance(seconds(5));
  loop_.run_once(Duration(0));
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

}  // namespace
}  // namespace studyctl
