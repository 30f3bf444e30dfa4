#include "service/service_link.h"

#include <optional>

#include "io/event_loop.h"

namespace studyctl {

Result<HttpResponse> ask(const ServiceLink& link, HttpRequest request) {
  SystemClock clock;
  EventLoop loop(clock);
  HttpClient client(loop, link.address);
  request.headers.insert(request.headers.end(), link.headers.begin(), link.headers.end());
  std::optional<Result<HttpResponse>> answer;
  client.call(std::move(request), [&](Result<HttpResponse> response) { answer = std::move(response); });
  while (!answer) loop.run_once(std::chrono::seconds(1));
  return *std::move(answer);
}

}  // namespace studyctl
