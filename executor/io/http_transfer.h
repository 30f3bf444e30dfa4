#pragma once

#include <curl/curl.h>

#include <array>
#include <deque>
#include <memory>
#include <string>

#include "io/http_client.h"

// How curl is told of a request and tells of its answer; for HttpClient alone.
namespace studyctl {

struct CloseEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, CloseEasy>;
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

// One request under way. Its address must not change: curl knows it.
struct HttpTransfer {
  CURLM* multi = nullptr;
  HttpClient::Token token = 0;
  HttpRequest request;
  HttpClient::Headers headers;  // null for a call
  HttpClient::Chunk chunk;      // null for a call
  HttpClient::Done done;
  Easy easy;  // null until it has its turn
  HeaderList header_list, connect_to;
  std::array<char, CURL_ERROR_SIZE> curl_message{};
  EventLoop::Token timer = 0;
  HttpResponse response;        // of a stream, the part of the body that has come and is not delivered
  size_t mailed = 0;            // bytes of a mail's body that curl has
  std::string refused_address;  // that Reach forbids
  bool has_headers = false;
  bool told_headers = false;
  bool has_failed = false;
  bool is_dropped = false;
  std::deque<HttpClient::Token>* ready = nullptr;  // where a stream says that it has something to deliver

  bool is_stream() const { return chunk != nullptr; }
};

// Why a request cannot be sent as it is: names and values come from elsewhere, and may not break a line.
std::optional<Error> fault_of(const HttpRequest& request);

// Sets up its easy handle.
void prepare(HttpTransfer& transfer, const HttpAddress& address);

// Why it failed, for people, after the server's name.
std::string reason_of(const HttpTransfer& transfer, CURLcode code, const std::string& unix_socket);

}  // namespace studyctl
