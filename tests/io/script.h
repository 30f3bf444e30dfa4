#pragma once

#include <string>
#include <utility>
#include <vector>

namespace studyctl {

// What a ScriptedServer does about one request, step by step.
//
//   Script().answer(200, "{}")
//   Script().begin_stream(200).chunk("first\n").stall("later").chunk("second\n").end_stream()
//   Script().raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal").close()
class Script {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  enum class Kind : unsigned char { Send, Stall, Close, Reset };
  struct Step {
    Kind kind;
    std::string text;  // what to send, or the gate to wait at
  };

  // A whole answer with its length. The connection stays open.
  Script& answer(int status, const std::string& body = {}, const Headers& headers = {}) {
    const bool has_body = status != 204 && status != 304;
    std::string text = head(status, headers);
    if (has_body) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return raw(text + "\r\n" + (has_body ? body : ""));
  }
  // An answer in chunks.
  Script& begin_stream(int status = 200, const Headers& headers = {}) {
    return raw(head(status, headers) + "Transfer-Encoding: chunked\r\n\r\n");
  }
  Script& chunk(const std::string& bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string size;
    for (size_t left = bytes.size(); left > 0; left /= 16) size.insert(size.begin(), kDigits[left % 16]);
    return raw(size + "\r\n" + bytes + "\r\n");
  }
  Script& end_stream() { return raw("0\r\n\r\n"); }

  Script& raw(std::string bytes) { return add({Kind::Send, std::move(bytes)}); }
  // Goes on once ScriptedServer::open(gate) was called, however early. Nobody opens "": it stalls for ever.
  Script& stall(std::string gate = {}) { return add({Kind::Stall, std::move(gate)}); }
  Script& close() { return add({Kind::Close, {}}); }
  // The peer sees "Connection reset by peer". Over TCP only; a Unix socket is closed.
  Script& reset() { return add({Kind::Reset, {}}); }

  const std::vector<Step>& steps() const { return steps_; }

 private:
  static std::string head(int status, const Headers& headers) {
    std::string text = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\n";
    for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
    return text;
  }
  Script& add(Step step) {
    steps_.push_back(std::move(step));
    return *this;
  }

  std::vector<Step> steps_;
};

}  // namespace studyctl
