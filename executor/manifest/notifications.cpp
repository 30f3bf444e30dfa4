#include <algorithm>
#include <cctype>

#include "manifest/parts.h"

namespace studyctl {
namespace {

constexpr size_t kMostRules = 32;
constexpr size_t kMostRecipients = 50;
constexpr size_t kLongestUrl = 2048;
constexpr size_t kLongestAddress = 254;

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c != 0x7f; });
}

// The host, with the port where there is one, of a URL with one of `schemes`; empty when it is none.
std::string_view authority_of(std::string_view url, std::span<const std::string_view> schemes) {
  if (url.size() > kLongestUrl || !is_visible(url)) return {};
  for (const std::string_view scheme : schemes) {
    if (!url.starts_with(scheme)) continue;
    const std::string_view rest = url.substr(scheme.size());
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    return authority.find_first_of("@\\") == std::string_view::npos ? authority : std::string_view();
  }
  return {};
}

bool is_mail_address(std::string_view text) {
  const size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos && text.size() <= kLongestAddress &&
         is_visible(text) && text.find_first_of("<>,;:\"\\()[]") == std::string_view::npos;
}

constexpr auto kKeyOf = [](auto& io, auto& reference) {
  io.require("name", "name the Secret");
  io.text("name", reference.name);
  io.require("key", "name the key in the Secret");
  io.text("key", reference.key);
  io.when_read([&](auto& fields) {
    if (fields.has_text("name") && !is_object_name(reference.name))
      fields.problem("name", "'" + shortened(reference.name) + "' " + std::string(kNoObjectName));
    if (fields.has_text("key") && !is_data_key(reference.key))
      fields.problem("key", "'" + shortened(reference.key) + "' is no key; use letters, digits, - _ and .");
  });
};

void check_webhook(Fields& fields, const Webhook& webhook) {
  constexpr std::array<std::string_view, 2> kSchemes = {"https://", "http://"};
  const bool has_url = fields.find("url").has_value();
  if (has_url == webhook.url_reference.has_value()) {
    fields.problem("url", has_url ? "and urlRef exclude each other; keep one"
                                  : "is missing; write url, or urlRef where the URL is a secret");
  } else if (fields.has_text("url") && authority_of(webhook.url, kSchemes).empty()) {
    fields.problem("url", "must be like https://host/path, without a user or a password");
  }
}

constexpr auto kWebhook = [](auto& io, auto& webhook) {
  io.text("url", webhook.url);
  io.map("urlRef", webhook.url_reference, kKeyOf);
  io.map("secretRef", webhook.secret, kKeyOf);
  io.choice("template", webhook.body, kWebhookTemplates);
  io.when_read([&](auto& fields) { check_webhook(fields, webhook); });
};

void check_email(Fields& fields, const Email& email) {
  constexpr std::array<std::string_view, 2> kSchemes = {"smtps://", "smtp://"};
  if (email.to.empty() || email.to.size() > kMostRecipients)
    fields.problem("to", "must be a list of 1 to " + std::to_string(kMostRecipients) + " addresses");
  for (const std::string& one : email.to)
    if (!is_mail_address(one)) fields.problem("to", "'" + shortened(one) + "' is no address like a@b.org");
  if (fields.has_text("from") && !is_mail_address(email.from))
    fields.problem("from", "'" + shortened(email.from) + "' is no address like a@b.org");
  if (fields.has_text("server")) {
    const std::string_view authority = authority_of(email.server, kSchemes);
    if (authority.empty() || !email.server.ends_with(authority))
      fields.problem("server", "must be smtps://host:465 or smtp://host:587, without a user or a password");
    if (email.server.starts_with("smtps://") && email.tls == Email::Tls::None)
      fields.problem("tls", "None is for smtp://; take it away");
  }
  if (email.tls == Email::Tls::None && email.password)
    fields.problem("tls", "None would show the password to all between; leave it Required");
}

constexpr auto kEmail = [](auto& io, auto& email) {
  io.require("to", "say who gets it");
  io.texts("to", email.to);
  io.require("from", "say whom it is from");
  io.text("from", email.from);
  io.require("server", "say which server takes it, like smtps://mail.example.org:465");
  io.text("server", email.server);
  io.text("username", email.username);
  io.map("secretRef", email.password, kKeyOf);
  io.choice("tls", email.tls, kEmailTls);
  io.when_read([&](auto& fields) { check_email(fields, email); });
};

constexpr auto kRedelivery = [](auto& io, auto& retry) {
  io.integer("limit", retry.limit, 0, 1000);
  io.map("backoff", retry.backoff, [](auto& inner, auto& backoff) {
    inner.duration("initial", backoff.initial);
    inner.number("factor", backoff.factor, 1, 1000);
    inner.duration("max", backoff.max);
  });
};

void read_occasions(Fields& fields, std::vector<Occasion>& on) {
  const auto list = fields.require("on", "say of what is told: [Completed, Failed]");
  if (!list) return;
  for (const Item& item : read_list(fields.problems(), *list)) {
    Occasion occasion{};
    read_choice(fields.problems(), item, occasion, kOccasions);
    if (std::find(on.begin(), on.end(), occasion) == on.end()) on.push_back(occasion);
  }
  if (on.empty()) fields.problem("on", "is empty; say of what is told: [Completed, Failed]");
}

constexpr auto kNotification = [](auto& io, auto& rule) {
  io.text("name", rule.name);
  io.when_read([&](auto& fields) { read_occasions(fields, rule.on); });
  io.when_written([&](auto& out) {
    out.items("on", rule.on, nullptr, [](Occasion one) { return Written::text(name_of(one)); });
  });
  io.duration("minDuration", rule.min_duration);
  io.map("webhook", rule.webhook, kWebhook);
  io.map("email", rule.email, kEmail);
  io.map("retry", rule.retry, kRedelivery);
  io.when_read([&](auto& fields) {
    if (fields.has_text("name") && !is_label(rule.name, 40))
      fields.problem("name", "must be a label of a-z, 0-9 and -, 40 characters at most");
    if (fields.is_map() && rule.webhook.has_value() == rule.email.has_value())
      fields.problems().add(fields.place(), fields.path(), "needs a webhook or an email, one of them");
  });
};

Written written_notification(const Notification& rule) {
  FieldWriter out;
  kNotification(out, rule);
  return out.take();
}

}  // namespace

void read_notifications(Fields& spec, std::vector<Notification>& rules) {
  spec.list("notifications", rules, kNotification);
  if (rules.size() > kMostRules)
    spec.problem("notifications", "has more than " + std::to_string(kMostRules) + " rules");
  std::vector<std::string> names;
  for (size_t i = 0; i < rules.size(); ++i) {
    std::string& name = rules[i].name;
    if (name.empty()) name = std::to_string(i + 1);
    if (std::find(names.begin(), names.end(), name) != names.end())
      spec.problem("notifications", "has two rules with the name '" + shortened(name) + "'; rename one");
    names.push_back(name);
  }
}

Written written_notifications(const std::vector<Notification>& rules) {
  Written::List list;
  for (const Notification& rule : rules) list.push_back(written_notification(rule));
  return {std::move(list)};
}

Written notifications_by_name(const std::vector<Notification>& rules) {
  Written::Map map;
  for (const Notification& rule : rules) map.emplace_back(rule.name, written_notification(rule));
  return {std::move(map)};
}

}  // namespace studyctl
