#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http/server.h"

namespace studyctl {

// Who may ask for what, by tokens. A file has a line for each: its name, its role (viewer or operator) and
// the SHA-256 of the token in hex, apart by blanks; # begins a comment. It is read again once it has changed.
// Safe from any thread.
//
// Who shows a certificate that the server has checked needs no token: its common name says who it is, and an
// organization named "operator" makes it one.
// Without a file everybody who reaches the server may look, and nobody may change anything.
class Access {
 public:
  // Invalid: a line is not understood, or others may write the file.
  static Result<std::unique_ptr<Access>> open(std::filesystem::path file);
  static std::unique_ptr<Access> of_loopback();
  // By certificates alone.
  static std::unique_ptr<Access> of_certificates();

  // Fills in who asks. Else the refusal: 401 without a token or certificate that is known, 403 where its role
  // does not do, 429 after many wrong ones.
  std::optional<ApiResponse> refuse(ApiRequest& request);

 private:
  struct Token {
    std::string name;
    Caller::Role role = Caller::Role::Viewer;
    std::string sha256;
  };
  Access() = default;
  std::optional<ApiResponse> refuse_unknown(ApiRequest& request);
  std::optional<ApiResponse> refuse_token(ApiRequest& request);
  Result<void> read();
  void read_if_changed();
  std::optional<Caller> caller_of(const std::string& token) const;
  bool has_tried_too_often();

  std::mutex mutex_;
  std::filesystem::path file_;  // empty: there are no tokens
  bool lets_all_look_ = false;
  std::filesystem::file_time_type written_{};
  std::vector<Token> tokens_;
  std::vector<Steady> wrong_;  // of the last minute
};

// What a request shows in "Authorization: Bearer …"; nothing where it has no such header.
std::optional<std::string> bearer_of(const ApiRequest& request);

// A line for such a file, and the token that it lets in.
struct NewToken {
  std::string token, line;
};
NewToken new_token(const std::string& name, Caller::Role role);

}  // namespace studyctl
