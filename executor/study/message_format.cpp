#include "study/message_format.h"

#include <algorithm>
#include <ctime>

#include "base/hash.h"
#include "base/text.h"

namespace studyctl {
namespace {

constexpr std::string_view kEncodedSecret = "whsec_";
constexpr size_t kBase64Line = 76;
constexpr size_t kLongestEncodedWord = 45;  // bytes in one, so that it stays under 75 characters

std::string key_of(const std::string& secret) {
  const std::string_view text = trim(secret);
  if (text.starts_with(kEncodedSecret))
    if (auto bytes = from_base64(text.substr(kEncodedSecret.size()))) return *std::move(bytes);
  return std::string(text);
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

// As RFC 2047 has words that are not ASCII; they are folded, and none splits a character.
std::string header_text(const std::string& text) {
  if (is_plain(text)) return text;
  std::string encoded;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.size(), at + kLongestEncodedWord);
    while (end < text.size() && end > at + 1 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    encoded += (at == 0 ? "" : "\r\n ") + ("=?UTF-8?B?" + to_base64(text.substr(at, end - at)) + "?=");
    at = end;
  }
  return encoded;
}

std::string in_lines(const std::string& base64) {
  std::string lines;
  for (size_t at = 0; at < base64.size(); at += kBase64Line) lines += base64.substr(at, kBase64Line) + "\r\n";
  return lines;
}

std::string mail_date(Instant at) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  const size_t length = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &parts);
  return {text, length};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> webhook_headers(const std::string& id, Instant now,
                                                                 const std::string& body,
                                                                 const std::optional<std::string>& secret) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  const std::string timestamp = std::to_string(seconds.count());
  std::vector<std::pair<std::string, std::string>> headers = {{"webhook-id", id},
                                                              {"webhook-timestamp", timestamp}};
  if (!secret) return headers;
  const std::string signature = hmac_sha256(key_of(*secret), id + "." + timestamp + "." + body);
  headers.emplace_back("webhook-signature", "v1," + to_base64(signature));
  return headers;
}

std::pair<std::string, std::string> webhook_body(const Message& message, Webhook::Template body,
                                                 const std::string& volume_id) {
  if (body == Webhook::Template::Slack) return {slack_text(message), "application/json"};
  return {cloud_event(message, volume_id), "application/cloudevents+json; charset=utf-8"};
}

std::string mail_text(const Message& message, const Email& email) {
  const std::string host = email.from.substr(email.from.find('@') + 1);
  return "Date: " + mail_date(message.at) + "\r\nFrom: <" + email.from + ">\r\nTo: <" +
         join(email.to, ">,\r\n <") + ">\r\nSubject: " + header_text(headline_of(message)) +
         "\r\nMessage-ID: <" + message.id + "@" + host +
         ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
         "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         in_lines(to_base64(headline_of(message) + "\r\n\r\n" + details_of(message)));
}

Message test_message(const std::string& study, const Notification& rule, Instant now) {
  Message message;
  message.id = "test-" + random_uuid();
  message.study = message.run = study;
  message.rule = rule.name;
  message.occasion = "Test";
  message.at = now;
  message.data = R"({"occasion":"Test","study":")" + study + R"("})";
  message.destination = destination_of(rule);
  return message;
}

}  // namespace studyctl
