#include "service/service_channels.h"

#include "base/log.h"
#include "base/text.h"
#include "http/command_api.h"
#include "http/metrics.h"
#include "http/routes.h"
#include "http/service_view.h"
#include "http/verb_api.h"
#include "service/channels.h"
#include "service/control_client.h"

namespace studyctl {
namespace {

constexpr size_t kMostBody = 32u << 20;  // a file that a manifest names
constexpr size_t kMostConnections = 128;

ServerLimits limits() {
  ServerLimits limits;
  limits.body = kMostBody;
  limits.connections = kMostConnections;
  return limits;
}

Server::Answer api_of(StudyService& service) {
  const VolumePlace results = service.volume();
  return [change = changing_routes(results, service), commands = CommandApi(service.volume()),
          view = service_view(
              results, [&service] { return service.live().directories(); }, &service.live().page())](
             const ApiRequest& request) -> ApiResponse {
    if (request.path == kCommandsPath) return commands.answer(request);
    if (auto changed = change(request)) return *std::move(changed);
    return view(request);
  };
}

// Of this machine's commands: /v1/… as every controller has it, and the API.
Server::Answer control_of(StudyService& service) {
  return [control = control_routes({[&service](const std::string& run, const Command& command) {
                                      return service.tell(run, command);
                                    },
                                    door_of(service.live()).apply}),
          api = api_of(service)](const ApiRequest& request) {
    return request.path.starts_with("/v1/") ? control(request) : api(request);
  };
}

// The socket is its owner's alone, who says who he is.
std::optional<ApiResponse> trust(ApiRequest& request) {
  const auto who = request.headers.find(lower(kWhoHeader));
  request.caller = {who == request.headers.end() ? "somebody on this machine" : printable(who->second),
                    Caller::Role::Operator, true};
  return std::nullopt;
}

// The page shows nothing by itself; probes ask whether the service is there.
bool needs_no_token(const ApiRequest& request) {
  const bool is_looked_at = request.method == "GET" || request.method == "HEAD";
  const std::string& path = request.path;
  return is_looked_at && (path == "/" || path == "/openapi.json" || path.starts_with("/web/") ||
                          path == "/healthz" || path == "/readyz");
}

// Null where it is not asked for.
Result<std::unique_ptr<Tls>> tls_for(const ServiceAddress& address) {
  const TlsFiles& files = address.tls;
  const bool has_both = !files.certificate.empty() && !files.key.empty();
  if (files.certificate.empty() != files.key.empty())
    return Error{ErrorCode::Invalid, "--tls-cert and --tls-key: name both, or none"};
  if (!has_both && !files.client_authority.empty())
    return Error{ErrorCode::Invalid, "--tls-client-ca: takes --tls-cert and --tls-key"};
  return has_both ? Tls::open(files) : std::unique_ptr<Tls>();
}

Result<std::unique_ptr<Access>> access_for(const ListenAddress& where, const ServiceAddress& address) {
  if (!address.token_file.empty()) return Access::open(address.token_file);
  if (!address.tls.client_authority.empty()) return Access::of_certificates();
  if (is_loopback(where)) return Access::of_loopback();
  return Error{ErrorCode::Invalid, "--listen: other machines reach " + where.host +
                                       ", and nobody is asked who they are: name a --token-file or a "
                                       "--tls-client-ca, or listen at 127.0.0.1"};
}

}  // namespace

Result<void> ServiceChannels::check(const ServiceAddress& address) {
  if (address.listen.empty()) return {};
  auto where = parse_listen_address(address.listen);
  if (!where) return std::move(where).error().within("--listen");
  if (const auto tls = tls_for(address); !tls) return tls.error();
  const auto access = access_for(*where, address);
  return access ? Result<void>() : Result<void>(access.error());
}

Result<std::unique_ptr<ServiceChannels>> ServiceChannels::open(StudyService& service,
                                                               const ServiceAddress& address) {
  std::unique_ptr<ServiceChannels> channels(new ServiceChannels(service));
  if (!address.listen.empty()) {
    auto where = parse_listen_address(address.listen);
    if (!where) return std::move(where).error().within("--listen");
    where->names = address.names;
    auto access = access_for(*where, address);
    if (!access) return std::move(access).error();
    auto tls = tls_for(address);
    if (!tls) return std::move(tls).error();
    channels->access_ = *std::move(access);
    channels->tls_ = *std::move(tls);
    Access& admits = *channels->access_;
    auto api = Server::listen(*where, limits(), api_of(service),
                              {[&admits](ApiRequest& request) {
                                 return needs_no_token(request) ? std::nullopt : admits.refuse(request);
                               },
                               counting(channels->figures_), channels->tls_.get()});
    if (!api) return std::move(api).error().within("--listen");
    channels->api_ = *std::move(api);
    channels->listens_at_ =
        (channels->tls_ ? "https://" : "http://") + authority_of({{}, where->host, channels->api_->port()});
  }
  auto control = Server::listen({control_socket(service.volume()), "", 0}, limits(), control_of(service),
                                {trust, counting(channels->figures_)});
  if (!control) return std::move(control).error();
  channels->control_ = *std::move(control);
  return channels;
}

}  // namespace studyctl
