#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "any_engine.h"
#include "engine/docker/docker_engine.h"
#include "engine/docker/endpoint.h"

namespace studyctl {

// A DockerEngine on a real engine, with a volume of its own: what is left of it is removed at the end.
class RealEngine final : public AnyEngine {
 public:
  explicit RealEngine(const std::string& address, DockerOptions options = {},
                      std::string volume = random_uuid())
      : AnyEngine(std::move(volume)), options_(std::move(options)) {
    auto parsed = HttpAddress::parse(address);
    if (!parsed) throw std::runtime_error(parsed.error().message);
    auto found = handshake(loop, *parsed);
    if (!found) throw std::runtime_error(found.error().message);
    endpoint = *found;
    if (options_.lease_directory == DockerOptions().lease_directory)
      options_.lease_directory = directory / "leases";
    begin();
  }
  ~RealEngine() override { clear(); }

  size_t left() override { return ours().size(); }
  void kill(const AttemptId& id) override { ask("POST", "/containers/" + id.text + "/kill?signal=SIGKILL"); }
  void remove(const AttemptId& id) override { ask("DELETE", "/containers/" + id.text + "?force=true"); }
  bool has_exited(const AttemptId& id) override {
    return view(id.text).state == ContainerView::State::Exited;
  }
  std::string shown(const AttemptId& id) override {
    return ask("GET", "/containers/" + id.text + "/json").body.substr(0, 700);
  }

  // A call to the engine behind our back.
  HttpResponse ask(const std::string& method, const std::string& path, const std::string& body = {}) {
    HttpClient client(loop, endpoint.address, 2);
    HttpRequest request;
    request.method = method;
    request.path = "/v1.41" + path;
    request.body = body;
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    std::optional<HttpResponse> answer;
    client.call(std::move(request),
                [&answer](Result<HttpResponse> got) { answer = got ? *got : HttpResponse{}; });
    until([&] { return answer.has_value(); });
    return *answer;
  }
  std::vector<ListedContainer> ours() {
    const auto response = ask(
        "GET", "/containers/json?all=1&filters=" + filters({{"label", {"studyctl.io/volume=" + volume()}}}));
    auto listed = parse_container_list(response.body);
    return listed ? *listed : std::vector<ListedContainer>();
  }
  ContainerView view(const std::string& container) {
    auto seen_view = parse_container(ask("GET", "/containers/" + container + "/json").body);
    return seen_view ? *seen_view : ContainerView{};
  }

  Endpoint endpoint;

 private:
  std::unique_ptr<Engine> make(ObservationSink sink) override {
    return std::make_unique<DockerEngine>(loop, endpoint, std::move(sink), volume(), options_);
  }

  DockerOptions options_;
};

}  // namespace studyctl
