#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/fake_clock.h"
#include "io/http_client.h"
#include "io/run_until.h"
#include "io/scripted_server.h"

namespace studyctl {

using Answer = std::optional<Result<HttpResponse>>;

inline HttpRequest get(const std::string& path) {
  HttpRequest request;
  request.path = path;
  return request;
}

inline HttpRequest post(const std::string& path, const std::string& body = {}) {
  HttpRequest request = get(path);
  request.method = "POST";
  request.body = body;
  return request;
}

// What a stream told, in order.
struct Heard {
  std::vector<int> heads;
  std::string bytes;
  Answer end;
};

// A client of a scripted server, and a clock that stands still.
class HttpClients : public testing::Test {
 protected:
  HttpClient::Done keep(Answer& answer) {
    return [&answer](Result<HttpResponse> result) { answer = std::move(result); };
  }
  Result<HttpResponse> ask(HttpClient& client, HttpRequest request) {
    Answer answer;
    client.call(std::move(request), keep(answer));
    if (answer) ADD_FAILURE() << "called back from within the call";
    if (!run_until(loop_, [&] { return answer.has_value(); })) ADD_FAILURE() << "no answer";
    return answer ? *answer : Error{ErrorCode::Internal, "no answer"};
  }
  HttpClient::Token listen(HttpClient& client, Heard& heard, HttpRequest request) {
    request.timeout.reset();
    return client.stream(
        std::move(request), [&](const HttpResponse& head) { heard.heads.push_back(head.status); },
        [&](std::string_view bytes) {
          heard.bytes += bytes;
          return true;
        },
        keep(heard.end));
  }
  bool until(const std::function<bool()>& is_done) { return run_until(loop_, is_done); }

  FakeClock clock_;
  EventLoop loop_{clock_};
  ScriptedServer server_;
  HttpClient client_{loop_, server_.address()};
};

}  // namespace studyctl
