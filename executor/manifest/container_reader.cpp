#include "manifest/container_reader.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "manifest/resources_reader.h"

namespace studyctl {
namespace {

constexpr std::string_view kNotHere = "is not supported on one box; remove it";

constexpr std::array<Field, 25> kContainerFields = {
    {{"name"},
     {"image"},
     {"imagePullPolicy"},
     {"command"},
     {"args"},
     {"env"},
     {"workingDir"},
     {"resources"},
     {"volumeMounts"},
     {"securityContext"},
     {"terminationMessagePath"},
     {"envFrom", "is not supported on one box; list each under env"},
     {"lifecycle", kNotHere},
     {"livenessProbe", "is not supported on one box; execution.timeouts.stalled finds what hangs"},
     {"ports", "is not supported on one box; hostNetwork: true opens the host's"},
     {"readinessProbe", kNotHere},
     {"resizePolicy", kNotHere},
     {"restartPolicy", "is not supported on one box; execution.retry tries again"},
     {"startupProbe", kNotHere},
     {"stdin", kNotHere},
     {"stdinOnce", kNotHere},
     {"terminationMessagePolicy", kNotHere},
     {"tty", kNotHere},
     {"volumeDevices", "is not supported on one box; ask for a path below /dev under resources.limits"},
     {"imagePullSecrets", "belongs beside containers; move it there"}}};

constexpr std::array<Field, 3> kEnvironmentFields = {{{"name"}, {"value"}, {"valueFrom"}}};
constexpr std::array<Field, 4> kValueFromFields = {
    {{"secretKeyRef"},
     {"configMapKeyRef"},
     {"fieldRef", "is not supported on one box; ${run.…} and the STUDY_ variables say what an attempt is"},
     {"resourceFieldRef", "is not supported on one box; write value: \"${resources.cpu}\""}}};
constexpr std::array<Field, 3> kReferenceFields = {{{"name"}, {"key"}, {"optional", kNotHere}}};
constexpr std::array<Field, 7> kMountFields = {{{"name"},
                                                {"mountPath"},
                                                {"subPath"},
                                                {"readOnly"},
                                                {"subPathExpr", kNotHere},
                                                {"mountPropagation", kNotHere},
                                                {"recursiveReadOnly", kNotHere}}};
constexpr std::array<Field, 12> kSecurityFields = {
    {{"runAsUser"},
     {"runAsGroup"},
     {"readOnlyRootFilesystem"},
     {"capabilities"},
     {"privileged"},
     {"allowPrivilegeEscalation"},
     {"runAsNonRoot", "is not supported on one box; set runAsUser"},
     {"seccompProfile", kNotHere},
     {"appArmorProfile", kNotHere},
     {"seLinuxOptions", kNotHere},
     {"procMount", kNotHere},
     {"windowsOptions", kNotHere}}};
constexpr std::array<Field, 2> kCapabilityFields = {{{"add"}, {"drop"}}};

constexpr std::array<std::pair<std::string_view, PullPolicy>, 3> kPullPolicies = {
    {{"Always", PullPolicy::Always},
     {"IfNotPresent", PullPolicy::IfNotPresent},
     {"Never", PullPolicy::Never}}};

// A text of the container that is substituted.
std::string template_of(Reading& reading, const Fields& fields, std::string_view name) {
  const auto item = fields.find(name);
  return item ? read_template(reading, *item).value_or("") : "";
}

std::vector<std::string> templates_of(Reading& reading, const Fields& fields, std::string_view name) {
  std::vector<std::string> texts;
  for (const Item& item : fields.list(name)) {
    if (auto text = read_template(reading, item)) texts.push_back(std::move(*text));
  }
  return texts;
}

bool is_variable_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && (name[0] < '0' || name[0] > '9') &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

// The name and key of a secretKeyRef or a configMapKeyRef.
struct KeyReference {
  std::string name, key;
};

std::optional<KeyReference> read_reference(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kReferenceFields);
  const auto name = fields.require("name", "say which one");
  const auto key = fields.require("key", "say which of its keys");
  const auto name_text = name ? read_text(reading.problems, *name) : std::nullopt;
  const auto key_text = key ? read_text(reading.problems, *key) : std::nullopt;
  if (!name_text || !key_text) return std::nullopt;
  if (!is_object_name(*name_text)) {
    fields.problem("name", "'" + shortened(*name_text) + "' is no Kubernetes name; use a-z, 0-9, - and .");
  }
  if (!is_data_key(*key_text)) {
    fields.problem("key", "'" + shortened(*key_text) + "' is no key; use letters, digits, - _ and .");
  }
  return KeyReference{*name_text, *key_text};
}

// `text` so that substitution and expansion give it back: of a $ two leave one.
std::string without_substitution(const std::string& text) {
  return join(split(text, '$'), "$$");
}

// A key of a ConfigMap, as a value: what a study executes is in its identity.
std::string read_config_value(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kReferenceFields);
  const auto name = fields.require("name", "say which one");
  fields.require("key", "say which of its keys");
  const auto key = fields.text("key");
  const auto* config = name ? find_config(reading, *name) : nullptr;
  if (!config || !key) return {};
  const auto value = config->find(*key);
  if (value == config->end()) {
    std::vector<std::string> keys;
    for (const auto& [one, text] : *config) keys.push_back(one);
    fields.problem("key", unknown_name("key '" + shortened(*key) + "'", *key, keys));
    return {};
  }
  if (value->second.find('\0') != std::string::npos)
    fields.problem("key", "has a NUL character in it; mount it as a file instead");
  return without_substitution(value->second);
}

void read_value_from(Reading& reading, const Item& item, EnvironmentVariable& variable) {
  const Fields fields(reading.problems, item, kValueFromFields);
  const auto secret = fields.find("secretKeyRef");
  const auto config = fields.find("configMapKeyRef");
  if (secret) {
    if (const auto reference = read_reference(reading, *secret)) {
      variable.secret = SecretReference{reference->name, reference->key};
    }
  }
  if (config) variable.value = read_config_value(reading, *config);
  if (secret && config) fields.problem("configMapKeyRef", "there is a secretKeyRef already; keep one");
  if (fields.is_map() && item.node->entries.empty()) {
    reading.problems.add(item.node->place, item.path, "is empty; give secretKeyRef or configMapKeyRef");
  }
}

std::optional<EnvironmentVariable> read_variable(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kEnvironmentFields);
  const auto name_item = fields.require("name", "name the variable");
  const auto name = name_item ? read_text(reading.problems, *name_item) : std::nullopt;
  EnvironmentVariable variable;
  variable.value = template_of(reading, fields, "value");
  if (const auto from = fields.find("valueFrom")) {
    if (fields.find("value")) fields.problem("valueFrom", "there is a value already; keep one");
    read_value_from(reading, *from, variable);
  }
  if (!name) return std::nullopt;
  variable.name = *name;
  if (!is_variable_name(variable.name)) {
    fields.problem("name",
                   "'" + shortened(variable.name) + "' cannot name a variable; use letters, digits and _");
  } else if (variable.name.starts_with("STUDY_")) {
    fields.problem("name", "names that begin with STUDY_ are set by studyctl; use another");
  }
  return variable;
}

std::vector<EnvironmentVariable> read_environment(Reading& reading, const Fields& container) {
  std::vector<EnvironmentVariable> variables;
  std::map<std::string, Place> places;
  for (const Item& item : container.list("env")) {
    auto variable = read_variable(reading, item);
    if (!variable) continue;
    const auto [first, is_new] = places.emplace(variable->name, item.node->place);
    if (!is_new) {
      reading.problems.add(item.node->place, item.path,
                           variable->name + " is set already, at " +
                               reading.problems.source().describe(first->second) + "; keep one");
    }
    variables.push_back(std::move(*variable));
  }
  return variables;
}

// A problem where $(NAME) of a Kubernetes text stands for a secret: it would be on the command line.
void check_expansions(Reading& reading, const Fields& container, const Container& result) {
  std::vector<Item> items;
  for (const char* name : {"command", "args", "env"}) {
    const auto list = container.find(name);
    for (Item& item : list ? one_or_list(*list) : std::vector<Item>{}) {
      const Node* value = item.node->find("value");
      items.push_back(value ? Item{value, item.path + ".value"} : std::move(item));
    }
  }
  for (const EnvironmentVariable& variable : result.environment) {
    if (!variable.secret) continue;
    const std::string reference = "$(" + variable.name + ")";
    for (const Item& item : items) {
      const size_t at = item.node->text.find(reference);
      if (at == std::string::npos || (at > 0 && item.node->text[at - 1] == '$')) continue;
      reading.problems.add(item.node->place, item.path,
                           reference +
                               " is a secret, which command lines and stored specs would show; read " +
                               variable.name + " from the environment in the container");
    }
  }
}

std::vector<VolumeMount> read_mounts(Reading& reading, const Fields& container) {
  std::vector<VolumeMount> mounts;
  std::set<std::string> paths;
  for (const Item& item : container.list("volumeMounts")) {
    const Fields fields(reading.problems, item, kMountFields);
    fields.require("name", "say which volume");
    fields.require("mountPath", "say where in the container");
    VolumeMount mount{fields.text("name").value_or(""), template_of(reading, fields, "mountPath"),
                      template_of(reading, fields, "subPath"), fields.boolean("readOnly").value_or(false)};
    if (!mount.path.empty() && !mount.path.starts_with('/'))
      fields.problem("mountPath", "must begin with /, is " + shortened(mount.path));
    if (mount.sub_path.starts_with('/') || has_dot_dot(mount.sub_path)) {
      fields.problem("subPath", "must stay within the volume: a path without / in front and without ..");
    }
    if (!mount.path.empty() && !paths.insert(mount.path).second) {
      fields.problem("mountPath", "something is mounted at " + shortened(mount.path) + " already; keep one");
    }
    if (const auto path = fields.find("mountPath")) {
      reading.mounts.push_back({mount.path, path->node->place, path->path});
    }
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

SecurityContext read_security(Reading& reading, const Item& item) {
  constexpr int64_t kMostId = 2'147'483'647;
  const Fields fields(reading.problems, item, kSecurityFields);
  SecurityContext security;
  security.run_as_user = fields.integer("runAsUser", 0, kMostId);
  security.run_as_group = fields.integer("runAsGroup", 0, kMostId);
  security.read_only_root = fields.boolean("readOnlyRootFilesystem").value_or(false);
  security.privileged = fields.boolean("privileged").value_or(false);
  security.allow_privilege_escalation =
      fields.boolean("allowPrivilegeEscalation").value_or(security.privileged);
  if (security.privileged && !security.allow_privilege_escalation) {
    fields.problem("allowPrivilegeEscalation",
                   "cannot be false in a privileged container; remove one of the two");
  }
  if (const auto capabilities = fields.find("capabilities")) {
    const Fields lists(reading.problems, *capabilities, kCapabilityFields);
    security.add_capabilities = lists.texts("add");
    security.drop_capabilities = lists.texts("drop");
  }
  return security;
}

}  // namespace

Container read_container(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kContainerFields);
  Container container;
  container.name = fields.text("name").value_or("");
  if (!container.name.empty() && !is_label(container.name, 63)) {
    fields.problem(
        "name", "'" + shortened(container.name) + "' is no label; use a-z, 0-9 and -, 63 characters at most");
  }
  fields.require("image", "say which image to run");
  container.image = template_of(reading, fields, "image");
  if (const auto image = fields.find("image"); image && image->node->is_scalar() && image->node->text.empty())
    fields.problem("image", "is empty; say which image to run");
  if (container.image.find_first_of(" \t\n") != std::string::npos) {
    fields.problem("image", "has a space in it; an image is written as registry/name:tag");
  }
  container.pull_policy =
      fields.choice<PullPolicy>("imagePullPolicy", kPullPolicies).value_or(PullPolicy::IfNotPresent);
  container.command = templates_of(reading, fields, "command");
  container.arguments = templates_of(reading, fields, "args");
  container.environment = read_environment(reading, fields);
  check_expansions(reading, fields, container);
  container.working_directory = template_of(reading, fields, "workingDir");
  if (const auto resources = fields.find("resources"))
    container.resources = read_resources(reading, *resources);
  container.mounts = read_mounts(reading, fields);
  if (const auto security = fields.find("securityContext"))
    container.security = read_security(reading, *security);
  container.termination_message_path = fields.text("terminationMessagePath").value_or("");
  if (!container.termination_message_path.empty() && !container.termination_message_path.starts_with('/')) {
    fields.problem("terminationMessagePath",
                   "must begin with /, is " + shortened(container.termination_message_path));
  }
  return container;
}

}  // namespace studyctl
