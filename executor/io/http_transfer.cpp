#include "io/http_transfer.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "base/fd.h"
#include "base/text.h"
#include "io/network_address.h"

namespace studyctl {
namespace {

constexpr Duration kConnectPatience{10'000};  // without it a stream could wait for ever
constexpr size_t kLongestBody = 256u << 20;

bool breaks_line(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  const auto is_allowed = [&](char c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || kOthers.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_allowed);
}

// Curl does not tell it.
int connect_errno(const std::string& unix_socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (unix_socket.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  std::memcpy(address.sun_path, unix_socket.c_str(), unix_socket.size() + 1);
  const Fd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return errno;
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return connect(probe.get(), generic, sizeof address) == 0 ? 0 : errno;
}

size_t take_header(const char* bytes, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<HttpTransfer*>(user);
  HttpResponse& response = transfer.response;
  const std::string_view line = trim(std::string_view(bytes, size * count));
  if (transfer.has_headers) return size * count;  // trailers
  if (line.starts_with("HTTP/")) {
    response = {};
    const std::string_view status = trim(line.substr(std::min(line.size(), line.find(' '))));
    std::from_chars(status.data(), status.data() + status.size(), response.status);
  } else if (line.empty()) {
    transfer.has_headers = response.status >= 200;  // not those of "100 Continue"
    if (transfer.has_headers && transfer.is_stream()) transfer.ready->push_back(transfer.token);
  } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    response.headers.emplace_back(lower(trim(line.substr(0, colon))), trim(line.substr(colon + 1)));
  }
  return size * count;
}

// Only keeps the bytes: what is called from in here may neither call nor cancel.
size_t take_body(const char* bytes, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<HttpTransfer*>(user);
  std::string& body = transfer.response.body;
  if (body.size() + size * count > kLongestBody) return 0;
  if (body.empty() && transfer.is_stream()) transfer.ready->push_back(transfer.token);
  body.append(bytes, size * count);
  return size * count;
}

HeaderList header_list_of(const HttpRequest& request) {
  curl_slist* list = nullptr;
  const auto add = [&](const std::string& line) { list = curl_slist_append(list, line.c_str()); };
  add("Expect:");
  bool has_type = false;
  for (const auto& [name, value] : request.headers) {
    std::string line = name;
    line += value.empty() ? ";" : ": ";
    add(line += value);
    has_type = has_type || lower(name) == "content-type";
  }
  if (!has_type) add("Content-Type:");
  return HeaderList(list);
}

void set_method(CURL* easy, const HttpRequest& request) {
  const bool is_post = request.method == "POST";
  if (is_post || !request.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (!is_post) {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  // curl repeats what it sent over a reused connection that turns out to be closed.
  const bool is_once = (is_post || request.method == "PATCH") && !request.may_be_repeated;
  if (is_once) curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
}

size_t give_mail(char* to, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<HttpTransfer*>(user);
  const std::string_view rest = std::string_view(transfer.request.body).substr(transfer.mailed);
  const size_t part = rest.copy(to, size * count);
  transfer.mailed += part;
  return part;
}

void set_mail(HttpTransfer& transfer) {
  CURL* easy = transfer.easy.get();
  const MailEnvelope& mail = *transfer.request.mail;
  curl_slist* recipients = nullptr;
  for (const std::string& to : mail.to) recipients = curl_slist_append(recipients, ("<" + to + ">").c_str());
  transfer.header_list.reset(recipients);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy, CURLOPT_USE_SSL,
                   static_cast<long>(mail.needs_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  curl_easy_setopt(easy, CURLOPT_MAIL_FROM, ("<" + mail.from + ">").c_str());
  curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, transfer.header_list.get());
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_mail);
  curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(transfer.request.body.size()));
  if (mail.password.empty()) return;
  curl_easy_setopt(easy, CURLOPT_USERNAME, mail.username.c_str());
  curl_easy_setopt(easy, CURLOPT_PASSWORD, mail.password.c_str());
}

void set_http(HttpTransfer& transfer) {
  CURL* easy = transfer.easy.get();
  transfer.header_list = header_list_of(transfer.request);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "studyctl");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.header_list.get());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  set_method(easy, transfer.request);
}

curl_socket_t open_elsewhere(void* user, curlsocktype, curl_sockaddr* address) {
  if (is_elsewhere(address->addr)) {
    const int made = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    return made < 0 ? CURL_SOCKET_BAD : made;
  }
  static_cast<HttpTransfer*>(user)->refused_address = text_of(address->addr);
  return CURL_SOCKET_BAD;
}

void set_reach(HttpTransfer& transfer) {
  CURL* easy = transfer.easy.get();
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_elsewhere);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

// A text or the name of a file, as `options` take them; neither where both are empty.
void set_pem(CURL* easy, const std::string& pem, std::pair<CURLoption, CURLoption> options,
             const char* file) {
  if (!pem.empty()) {
    curl_blob blob{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_COPY};
    curl_easy_setopt(easy, options.first, &blob);
  } else if (file != nullptr && *file != '\0') {
    curl_easy_setopt(easy, options.second, file);
  }
}

// A URL in its parts.
struct UrlParts {
  std::string scheme;  // with "://"
  std::string authority, path;

  std::string port() const {
    const size_t colon = authority.rfind(':');
    const bool has_port = colon != std::string::npos && authority.find(']', colon) == std::string::npos;
    return has_port ? authority.substr(colon) : scheme == "https://" ? ":443" : ":80";
  }
};

UrlParts parts_of(const std::string& url) {
  const size_t scheme = url.find("://") + 3;
  const size_t path = std::min(url.find('/', scheme), url.size());
  return {url.substr(0, scheme), url.substr(scheme, path - scheme), url.substr(path)};
}

// curl asks for the name, and checks it, that is in the URL: so that is the certificate's, and the connection
// goes to the host all the same.
void set_tls_name(HttpTransfer& transfer, const HttpAddress& address) {
  CURL* easy = transfer.easy.get();
  const UrlParts url = parts_of(address.base_url);
  const std::string real = url.authority.ends_with(url.port()) ? url.authority : url.authority + url.port();
  curl_easy_setopt(easy, CURLOPT_URL,
                   (url.scheme + address.tls_name + url.port() + url.path + transfer.request.path).c_str());
  transfer.connect_to.reset(curl_slist_append(nullptr, ("::" + real).c_str()));
  curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfer.connect_to.get());
  transfer.request.headers.emplace_back("Host", url.authority);
}

void set_address(CURL* easy, const HttpAddress& address) {
  if (!address.proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, address.proxy.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  }
  if (!address.unix_socket.empty()) {
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, address.unix_socket.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return;
  }
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
  if (address.verify == HttpAddress::Verify::Nobody) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  // As OpenSSL and curl's own command have it.
  const char* trusted = address.ca_file.empty() ? std::getenv("SSL_CERT_FILE") : address.ca_file.c_str();
  set_pem(easy, address.ca_pem, {CURLOPT_CAINFO_BLOB, CURLOPT_CAINFO}, trusted);
  set_pem(easy, address.certificate_pem, {CURLOPT_SSLCERT_BLOB, CURLOPT_SSLCERT},
          address.certificate_file.c_str());
  set_pem(easy, address.key_pem, {CURLOPT_SSLKEY_BLOB, CURLOPT_SSLKEY}, address.key_file.c_str());
}

std::optional<Error> fault_of(const MailEnvelope& mail) {
  const auto breaks = [](const std::string& text) { return breaks_line(text); };
  if (!breaks(mail.from) && !breaks(mail.username) && !breaks(mail.password) &&
      std::none_of(mail.to.begin(), mail.to.end(), breaks))
    return std::nullopt;
  return Error{ErrorCode::Invalid, "an address, the user name or the password has a line break in it"};
}

}  // namespace

std::optional<Error> fault_of(const HttpRequest& request) {
  if (request.mail) return fault_of(*request.mail);
  if (!is_token(request.method)) {
    return Error{ErrorCode::Invalid, "HTTP method '" + printable(request.method) + "': must be one word"};
  }
  const std::string& path = request.path;
  if (!path.starts_with('/') || breaks_line(path) || path.find(' ') != std::string::npos) {
    return Error{ErrorCode::Invalid,
                 "HTTP path '" + printable(path) + "': must begin with a slash and have no space in it"};
  }
  for (const auto& [name, value] : request.headers) {
    if (is_token(name) && !breaks_line(value)) continue;
    return Error{ErrorCode::Invalid, "HTTP header '" + printable(name) + "': must be one word and one line"};
  }
  return std::nullopt;
}

void prepare(HttpTransfer& transfer, const HttpAddress& address) {
  CURL* easy = transfer.easy.get();
  curl_easy_setopt(easy, CURLOPT_URL, (address.base_url + transfer.request.path).c_str());
  if (!address.tls_name.empty()) set_tls_name(transfer, address);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // The end of a transfer does not wait for the resolver, which may take minutes over a name.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnectPatience.count()));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.curl_message.data());
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  set_address(easy, address);
  if (address.reach == HttpAddress::Reach::Elsewhere) set_reach(transfer);
  if (transfer.request.mail) {
    set_mail(transfer);
  } else {
    set_http(transfer);
  }
}

std::string reason_of(const HttpTransfer& transfer, CURLcode code, const std::string& unix_socket) {
  long system_error = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_OS_ERRNO, &system_error);
  if (code == CURLE_COULDNT_CONNECT && !unix_socket.empty()) {
    if (const int error = connect_errno(unix_socket); error != 0) system_error = error;
  }
  const std::string system_text =
      system_error == 0 ? "" : std::generic_category().message(static_cast<int>(system_error));
  if (!transfer.refused_address.empty())
    return "is at " + transfer.refused_address + ", which a service does not connect to";
  switch (code) {
    case CURLE_COULDNT_CONNECT: return system_text.empty() ? "cannot connect" : system_text;
    case CURLE_COULDNT_RESOLVE_HOST: return "the host's name is not known";
    case CURLE_OPERATION_TIMEDOUT: return "no connection within " + human_duration(kConnectPatience);
    case CURLE_GOT_NOTHING: return "the connection was closed without an answer";
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return "the connection broke" + (system_text.empty() ? "" : ": " + system_text);
    case CURLE_WRITE_ERROR: return "the answer is longer than " + human_bytes(kLongestBody);
    default: break;
  }
  const std::string text = printable(transfer.curl_message.data());
  return text.empty() ? curl_easy_strerror(code) : text;
}

}  // namespace studyctl
