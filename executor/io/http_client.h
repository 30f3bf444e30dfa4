#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/event_loop.h"

namespace studyctl {

// Makes a request a message to a mail server, whose address is smtp:// or smtps://: `body` is sent, with its
// headers and lines that end with CR LF; the status is the server's reply code.
struct MailEnvelope {
  std::string from;
  std::vector<std::string> to;
  std::string username, password;  // none where both are empty
  bool needs_tls = true;           // smtp://: nothing is sent without STARTTLS
};

struct HttpRequest {
  std::string method = "GET";
  std::string path;  // with the query, from the first slash
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // A POST or PATCH that does no harm when it is said twice: it goes over any connection.
  bool may_be_repeated = false;
  std::optional<MailEnvelope> mail{};
  // From the call, its wait for a turn included, to the last byte; none for streams that last. What is not
  // over by then ends with Unavailable.
  std::optional<Duration> timeout = std::chrono::seconds(30);
};

struct HttpResponse {
  int status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case

  std::string header(std::string_view name) const;  // empty when absent
};

// Where a server is: a Unix socket, or host and port (with TLS files for tcp+TLS, as DOCKER_CERT_PATH means
// it).
struct HttpAddress {
  std::string unix_socket;
  std::string base_url;  // "http://localhost" for a socket
  std::string ca_file, certificate_file, key_file;
  std::string ca_pem, certificate_pem, key_pem;  // the same as texts, which go before files
  enum class Verify : uint8_t { Server, Nobody };
  Verify verify = Verify::Server;  // Nobody: whoever answers is believed, as people ask for at their own risk
  // Elsewhere: addresses of this machine, of its links and of a cloud's metadata are not connected to,
  // whatever the host's name says they are, and no proxy is.
  enum class Reach : uint8_t { Anywhere, Elsewhere };
  Reach reach = Reach::Anywhere;

  std::string tls_name;  // what the server's certificate is of, where that is not its host
  std::string proxy;     // "http://host:3128", "socks5h://…"; empty: as the environment has it

  // "unix:///var/run/docker.sock", "tcp://host:2375", "http://…", "https://…"; Invalid names what is wrong.
  static Result<HttpAddress> parse(std::string_view text);
  // As parse() reads it, for people and records.
  std::string text() const;
  // Speaks TLS with ca.pem, cert.pem and key.pem of `directory` (DOCKER_CERT_PATH), whatever the scheme was.
  Result<void> use_tls(const std::filesystem::path& directory);
};

// Asks one server over HTTP without blocking: libcurl's multi interface (socket_action) on the loop's epoll.
// Connections are reused, but a POST or PATCH goes over one of its own unless it may be repeated: a reused
// one may be found broken, and then curl says it again. Everything belongs to the loop's thread; callbacks
// come from run_once(), never from within the call that made them, and may call and cancel at will.
// Destroying the client drops what is under way without calling back; callbacks must not do it.
class HttpClient {
 public:
  using Token = uint64_t;
  using Done = std::function<void(Result<HttpResponse>)>;
  // A piece of a stream's body, valid during the call. Return false to end it: `done` follows, without an
  // error.
  using Chunk = std::function<bool(std::string_view bytes)>;
  // Status and headers of a stream, as soon as they have come.
  using Headers = std::function<void(const HttpResponse&)>;

  // `most_connections`: how many short calls may be under way at once; more wait their turn. Streams do not
  // count.
  HttpClient(EventLoop& loop, HttpAddress address, int most_connections = 16);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // `done` gets the answer whatever its status, or Unavailable when there was none ("/var/run/docker.sock:
  // Permission denied"), or Invalid when the request cannot be sent as it is.
  Token call(HttpRequest request, Done done);
  // The body goes to `chunk` as it comes, whatever the status; `done` gets status, headers and an empty body
  // at the end. A broken connection is Unavailable.
  Token stream(HttpRequest request, Headers headers, Chunk chunk, Done done);
  // Drops a call or a stream without calling back. Unknown tokens are ignored.
  void cancel(Token token);

  const HttpAddress& address() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace studyctl
