#include <nlohmann/json.hpp>

#include "base/text.h"
#include "store/announcer.h"

namespace studyctl {
namespace {

using nlohmann::json;

std::string dumped(const json& from) {
  return from.dump(-1, ' ', false, json::error_handler_t::replace);
}

json written(const std::optional<SecretReference>& reference) {
  return reference ? json{{"name", reference->name}, {"key", reference->key}} : json();
}

std::optional<SecretReference> read(const json& from) {
  if (from.is_null()) return std::nullopt;
  return SecretReference{from.at("name"), from.at("key")};
}

json written(const Webhook& webhook) {
  return {{"url", webhook.url},
          {"urlRef", written(webhook.url_reference)},
          {"secretRef", written(webhook.secret)},
          {"template", static_cast<int>(webhook.body)}};
}

json written(const Email& email) {
  return {{"to", email.to},
          {"from", email.from},
          {"server", email.server},
          {"username", email.username},
          {"secretRef", written(email.password)},
          {"tls", static_cast<int>(email.tls)}};
}

}  // namespace

std::string to_json(const Notification& rule) {
  json on = json::array();
  for (const Occasion occasion : rule.on) on.push_back(name_of(occasion));
  return dumped({{"name", rule.name},
                 {"on", std::move(on)},
                 {"minDuration", rule.min_duration.count()},
                 {"webhook", rule.webhook ? written(*rule.webhook) : json()},
                 {"email", rule.email ? written(*rule.email) : json()},
                 {"limit", rule.retry.limit},
                 {"initial", rule.retry.backoff.initial.count()},
                 {"factor", rule.retry.backoff.factor},
                 {"max", rule.retry.backoff.max.count()}});
}

Result<Notification> notification_from_json(const std::string& text) {
  try {
    const json from = json::parse(text);
    Notification rule;
    rule.name = from.at("name");
    for (const json& word : from.at("on"))
      if (const auto occasion = occasion_named(word.get<std::string>())) rule.on.push_back(*occasion);
    rule.min_duration = Duration(from.at("minDuration").get<int64_t>());
    if (const json& hook = from.at("webhook"); !hook.is_null())
      rule.webhook = {hook.at("url"), read(hook.at("urlRef")), read(hook.at("secretRef")),
                      static_cast<Webhook::Template>(hook.at("template").get<int>())};
    if (const json& mail = from.at("email"); !mail.is_null())
      rule.email = {mail.at("to"),
                    mail.at("from"),
                    mail.at("server"),
                    mail.at("username"),
                    read(mail.at("secretRef")),
                    static_cast<Email::Tls>(mail.at("tls").get<int>())};
    rule.retry.limit = from.at("limit");
    rule.retry.backoff = {Duration(from.at("initial").get<int64_t>()), from.at("factor"),
                          Duration(from.at("max").get<int64_t>())};
    return rule;
  } catch (const json::exception& failed) {
    return Error{ErrorCode::Internal,
                 "studies.db: a notification cannot be read: " + std::string(failed.what())};
  }
}

std::string announcement_json(const RunNow& run, const Announcement& one,
                              const std::optional<ExperimentFacts>& experiment) {
  json data = {{"occasion", name_of(one.occasion)},
               {"study", run.study},
               {"run", run.run},
               {"run_id", run.run_id},
               {"state", run.state},
               {"message", run.message},
               {"total", run.total},
               {"succeeded", run.succeeded},
               {"failed", run.failed},
               {"infeasible", run.infeasible},
               {"cancelled", run.cancelled},
               {"skipped", run.skipped}};
  if (run.started_at) {
    data["started_at"] = format_instant(*run.started_at);
    data["seconds"] = static_cast<double>((one.at - *run.started_at).count()) / 1000;
  }
  if (one.failed && experiment) {
    const AttemptEnded& end = *one.failed;
    data["experiment"] = {
        {"name", experiment->experiment}, {"cycle", end.key.repetition.cycle},
        {"attempt", end.key.attempt},     {"parameters", json::parse(experiment->parameters, nullptr, false)},
        {"reason", name_of(end.reason)},  {"exit_code", end.exit_code},
        {"message", end.message}};
    if (data["experiment"]["parameters"].is_discarded()) data["experiment"].erase("parameters");
  }
  return dumped(data);
}

}  // namespace studyctl
