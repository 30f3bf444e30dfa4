#include "engine/docker/device_census.h"

#include <unistd.h>

#include "base/text.h"
#include "engine/docker/api_json.h"
#include "engine/labels.h"

namespace studyctl {

DeviceCensus::DeviceCensus(EventLoop& loop, std::vector<HttpAddress> engines) : loop_(loop) {
  for (HttpAddress& engine : engines)
    clients_.push_back(std::make_unique<HttpClient>(loop, std::move(engine), 1));
}

DeviceCensus::~DeviceCensus() {
  loop_.cancel(timer_);
}

// All containers, without a filter: Podman before 5 finds nothing by a label's key alone.
void DeviceCensus::take(std::function<void(Result<HeldDevices>)> done) {
  done_ = std::move(done);
  held_.clear();
  failure_.clear();
  open_ = 1;
  for (const auto& client : clients_) {
    const std::string socket = client->address().unix_socket;
    if (!socket.empty() && access(socket.c_str(), R_OK | W_OK) != 0) continue;
    ++open_;
    HttpRequest request;
    request.path = "/containers/json?all=1";
    client->call(std::move(request), [this, where = client->address().text()](
                                         const Result<HttpResponse>& answer) { on_answer(where, answer); });
  }
  timer_ = loop_.after(Duration(0), [this] {
    on_answer({}, Error{ErrorCode::Unavailable, "Connection refused"});
  });
}

void DeviceCensus::on_answer(const std::string& where, const Result<HttpResponse>& answer) {
  if (answer) {
    const auto listed = parse_container_list(answer->body);
    if (answer->status != 200 || !listed) failure_ = where + " did not list its containers";
    for (const ListedContainer& container : listed ? *listed : std::vector<ListedContainer>()) {
      const auto label = container.labels.find(kDevicesLabel);
      if (label == container.labels.end()) continue;
      for (const std::string& device : split(label->second, ','))
        held_[device] = {"container " + container.name, label_of(container.labels, "studyctl.io/study")};
    }
  } else if (answer.error().message.find("refused") == std::string::npos) {
    failure_ = answer.error().message;
  }
  if (--open_ > 0) return;
  const auto done = std::move(done_);
  done(failure_.empty() ? Result<HeldDevices>(held_)
                        : Result<HeldDevices>(Error{ErrorCode::Unavailable, failure_}));
}

}  // namespace studyctl
