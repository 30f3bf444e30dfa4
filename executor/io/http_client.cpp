#include "io/http_client.h"

#include <curl/curl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <memory>
#include <unordered_map>

#include "base/text.h"
#include "io/http_transfer.h"

namespace studyctl {
namespace {

constexpr long kIdleStreamConnections = 4;

struct CloseMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
using Token = HttpClient::Token;

// Of a mail server.
int reply_code_of(const HttpTransfer& transfer) {
  long code = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &code);
  return static_cast<int>(code);
}

void initialize_curl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (once != CURLE_OK) std::abort();
}

}  // namespace

struct HttpClient::Parts {
  // curl's connections for one kind of transfers.
  struct Lane {
    Parts* parts = nullptr;
    std::unique_ptr<CURLM, CloseMulti> multi;
    EventLoop::Token timer = 0;
  };

  EventLoop& loop;
  HttpAddress address;
  size_t most_calls;
  Lane calls, streams;
  Token next_token = 1;
  size_t active_calls = 0;
  std::unordered_map<Token, std::unique_ptr<HttpTransfer>> transfers;
  std::deque<Token> waiting;  // calls without a turn yet; some may be gone
  std::deque<Token> ready;    // streams with something to deliver; some may be gone
  std::vector<Easy> spare;
  // Streams that were dropped, perhaps by their own callback, live until it returns.
  std::vector<std::unique_ptr<HttpTransfer>> dropped;
  bool is_delivering = false;

  Parts(EventLoop& the_loop, HttpAddress the_address, int most_connections);
  ~Parts();

  void open(Lane& lane, long idle_connections);
  Token add(std::unique_ptr<HttpTransfer> transfer);
  void start(HttpTransfer& transfer);
  void start_waiting();
  std::unique_ptr<HttpTransfer> take(Token token);
  void drop(Token token);
  void conclude(Token token, Result<HttpResponse> result);

  void act(Lane& lane, curl_socket_t fd, uint32_t epoll_events);
  void deliver(Token token);
  void deliver_part(HttpTransfer& transfer);

  std::string name() const { return address.unix_socket.empty() ? address.base_url : address.unix_socket; }
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* user, void* of_socket);
  static int on_timer(CURLM* multi, long milliseconds, void* user);
};

HttpClient::Parts::Parts(EventLoop& the_loop, HttpAddress the_address, int most_connections)
    : loop(the_loop),
      address(std::move(the_address)),
      most_calls(static_cast<size_t>(std::max(1, most_connections))) {
  initialize_curl();
  open(calls, static_cast<long>(most_calls));
  open(streams, kIdleStreamConnections);
}

HttpClient::Parts::~Parts() {
  while (!transfers.empty()) take(transfers.begin()->first);
  for (Lane* lane : {&calls, &streams}) {
    lane->multi.reset();
    loop.cancel(lane->timer);
  }
}

void HttpClient::Parts::open(Lane& lane, long idle_connections) {
  lane.parts = this;
  lane.multi.reset(curl_multi_init());
  if (!lane.multi) std::abort();
  curl_multi_setopt(lane.multi.get(), CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(lane.multi.get(), CURLMOPT_SOCKETDATA, &lane);
  curl_multi_setopt(lane.multi.get(), CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(lane.multi.get(), CURLMOPT_TIMERDATA, &lane);
  curl_multi_setopt(lane.multi.get(), CURLMOPT_MAXCONNECTS, idle_connections);
}

int HttpClient::Parts::on_socket(CURL*, curl_socket_t fd, int what, void* user, void*) {
  Lane& lane = *static_cast<Lane*>(user);
  if (what == CURL_POLL_REMOVE) {
    lane.parts->loop.unwatch(fd);
    return 0;
  }
  const uint32_t in = what == CURL_POLL_OUT ? 0 : uint32_t{EPOLLIN};
  const uint32_t out = what == CURL_POLL_IN ? 0 : uint32_t{EPOLLOUT};
  lane.parts->loop.watch(fd, in | out, [&lane, fd](uint32_t events) { lane.parts->act(lane, fd, events); });
  return 0;
}

int HttpClient::Parts::on_timer(CURLM*, long milliseconds, void* user) {
  Lane& lane = *static_cast<Lane*>(user);
  lane.parts->loop.cancel(std::exchange(lane.timer, 0));
  if (milliseconds < 0) return 0;
  lane.timer = lane.parts->loop.after(Duration(milliseconds), [&lane] {
    lane.timer = 0;
    lane.parts->act(lane, CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

Token HttpClient::Parts::add(std::unique_ptr<HttpTransfer> transfer) {
  HttpTransfer& added = *transfer;
  const Token token = added.token = next_token++;
  added.multi = (added.is_stream() ? streams : calls).multi.get();
  added.ready = &ready;
  transfers.emplace(token, std::move(transfer));
  if (const auto fault = fault_of(added.request)) {
    added.timer = loop.after(Duration(0), [this, token, error = *fault] { conclude(token, error); });
    return token;
  }
  if (const auto timeout = added.request.timeout) {
    added.timer = loop.after(*timeout, [this, token, limit = *timeout] {
      conclude(token, Error{ErrorCode::Unavailable, name() + ": no answer within " + human_duration(limit)});
    });
  }
  if (added.is_stream()) {
    start(added);
  } else {
    waiting.push_back(token);
    start_waiting();
  }
  return token;
}

void HttpClient::Parts::start_waiting() {
  while (active_calls < most_calls && !waiting.empty()) {
    const auto found = transfers.find(waiting.front());
    waiting.pop_front();
    if (found != transfers.end()) start(*found->second);
  }
}

void HttpClient::Parts::start(HttpTransfer& transfer) {
  if (spare.empty()) {
    transfer.easy.reset(curl_easy_init());
    if (!transfer.easy) std::abort();
  } else {
    transfer.easy = std::move(spare.back());
    spare.pop_back();
  }
  if (!transfer.is_stream()) ++active_calls;
  prepare(transfer, address);
  if (curl_multi_add_handle(transfer.multi, transfer.easy.get()) != CURLM_OK) std::abort();
}

// Out of the books and out of curl; its turn goes to the next.
std::unique_ptr<HttpTransfer> HttpClient::Parts::take(Token token) {
  const auto found = transfers.find(token);
  if (found == transfers.end()) return nullptr;
  std::unique_ptr<HttpTransfer> transfer = std::move(found->second);
  transfers.erase(found);
  loop.cancel(transfer->timer);
  transfer->is_dropped = true;
  if (!transfer->easy) return transfer;
  curl_multi_remove_handle(transfer->multi, transfer->easy.get());
  // curl keeps the errno of a failure beyond a reset.
  if (!transfer->has_failed && spare.size() < most_calls) {
    curl_easy_reset(transfer->easy.get());
    spare.push_back(std::move(transfer->easy));
  }
  if (!transfer->is_stream()) --active_calls;
  return transfer;
}

void HttpClient::Parts::drop(Token token) {
  auto transfer = take(token);
  if (transfer && is_delivering) dropped.push_back(std::move(transfer));
  start_waiting();
}

void HttpClient::Parts::conclude(Token token, Result<HttpResponse> result) {
  const auto transfer = take(token);
  if (!transfer) return;
  start_waiting();
  transfer->done(std::move(result));
}

void HttpClient::Parts::act(Lane& lane, curl_socket_t fd, uint32_t epoll_events) {
  const int in = (epoll_events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0;
  const int out = (epoll_events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
  const int error = (epoll_events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0;
  int running = 0;
  curl_multi_socket_action(lane.multi.get(), fd, in | out | error, &running);
  while (!ready.empty()) {
    const Token token = ready.front();
    ready.pop_front();
    deliver(token);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(lane.multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    HttpTransfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    if (code == CURLE_OK) {
      if (transfer->request.mail) transfer->response.status = reply_code_of(*transfer);
      conclude(transfer->token, std::move(transfer->response));
    } else {
      transfer->has_failed = true;
      const std::string reason = reason_of(*transfer, code, address.unix_socket);
      conclude(transfer->token, Error{ErrorCode::Unavailable, name() + ": " + reason});
    }
  }
}

void HttpClient::Parts::deliver(Token token) {
  const auto found = transfers.find(token);
  if (found == transfers.end()) return;
  is_delivering = true;
  deliver_part(*found->second);
  is_delivering = false;
  dropped.clear();
}

void HttpClient::Parts::deliver_part(HttpTransfer& transfer) {
  const std::string part = std::exchange(transfer.response.body, {});
  if (!std::exchange(transfer.told_headers, true)) transfer.headers(transfer.response);
  if (transfer.is_dropped || part.empty() || transfer.chunk(part) || transfer.is_dropped) return;
  const Token token = transfer.token;
  auto ended = take(token);
  HttpResponse response = std::move(ended->response);
  dropped.push_back(std::move(ended));
  dropped.back()->done(std::move(response));
}

HttpClient::HttpClient(EventLoop& loop, HttpAddress address, int most_connections)
    : parts_(std::make_unique<Parts>(loop, std::move(address), most_connections)) {}

HttpClient::~HttpClient() = default;

HttpClient::Token HttpClient::call(HttpRequest request, Done done) {
  auto transfer = std::make_unique<HttpTransfer>();
  transfer->request = std::move(request);
  transfer->done = std::move(done);
  return parts_->add(std::move(transfer));
}

HttpClient::Token HttpClient::stream(HttpRequest request, Headers headers, Chunk chunk, Done done) {
  auto transfer = std::make_unique<HttpTransfer>();
  transfer->request = std::move(request);
  transfer->headers = std::move(headers);
  transfer->chunk = std::move(chunk);
  transfer->done = std::move(done);
  return parts_->add(std::move(transfer));
}

void HttpClient::cancel(Token token) {
  parts_->drop(token);
}

const HttpAddress& HttpClient::address() const {
  return parts_->address;
}

}  // namespace studyctl
