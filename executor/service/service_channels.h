#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "http/access.h"
#include "http/server.h"
#include "service/study_service.h"

namespace studyctl {

struct ServiceAddress {
  std::string listen;                // empty: the control socket alone
  std::filesystem::path token_file;  // empty: whoever reaches it may look
  TlsFiles tls;                      // empty: plain HTTP
  std::vector<std::string> names{};  // by which clients may know it, beside its address
};

// How a service is reached: the control socket, for the commands of this machine, whose owner may do
// anything; and where it listens, by tokens.
class ServiceChannels {
 public:
  // Whether open() will like it, before anything is begun.
  static Result<void> check(const ServiceAddress& address);
  // `service` must outlive it. Invalid: other machines could reach it and nobody is asked who they are.
  static Result<std::unique_ptr<ServiceChannels>> open(StudyService& service, const ServiceAddress& address);

  // "https://127.0.0.1:8080"; empty where it listens nowhere.
  const std::string& listens_at() const { return listens_at_; }

 private:
  explicit ServiceChannels(StudyService& service) : figures_(service.live().page()) {}

  Metrics figures_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<Tls> tls_;
  std::string listens_at_;
  std::unique_ptr<Server> control_, api_;
};

}  // namespace studyctl
