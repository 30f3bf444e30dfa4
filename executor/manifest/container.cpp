#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "manifest/parts.h"

namespace studyctl {
namespace {

constexpr std::string_view kNotHere = "is not supported on one box; remove it";

constexpr std::array<std::pair<std::string_view, PullPolicy>, 3> kPullPolicies = {
    {{"Always", PullPolicy::Always},
     {"IfNotPresent", PullPolicy::IfNotPresent},
     {"Never", PullPolicy::Never}}};

bool is_variable_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && (name[0] < '0' || name[0] > '9') &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

constexpr auto kReference = [](auto& io, auto& reference) {
  io.require("name", "say which one");
  io.text("name", reference.name);
  io.require("key", "say which of its keys");
  io.text("key", reference.key);
  io.refuse("optional", kNotHere);
};

std::optional<SecretReference> read_secret_reference(Reading& reading, const Item& item) {
  SecretReference reference;
  Fields fields(reading, item);
  kReference(fields, reference);
  if (!fields.has_text("name") || !fields.has_text("key")) return std::nullopt;
  if (!is_object_name(reference.name))
    fields.problem("name", "'" + shortened(reference.name) + "' " + std::string(kNoObjectName));
  if (!is_data_key(reference.key))
    fields.problem("key", "'" + shortened(reference.key) + "' is no key; use letters, digits, - _ and .");
  return reference;
}

// A key of a ConfigMap, as a value: what a study executes is in its identity.
std::string read_config_value(Reading& reading, const Item& item) {
  SecretReference reference;
  Fields fields(reading, item);
  kReference(fields, reference);
  const auto name = fields.find("name");
  const auto* config = name ? find_config(reading, *name) : nullptr;
  if (!config || reference.key.empty()) return {};
  const auto value = config->find(reference.key);
  if (value == config->end()) {
    fields.problem("key",
                   unknown_name("key '" + shortened(reference.key) + "'", reference.key, keys_of(*config)));
    return {};
  }
  if (value->second.find('\0') != std::string::npos)
    fields.problem("key", "has a NUL character in it; mount it as a file instead");
  // So that substitution and expansion give it back: of two $ they leave one.
  return join(split(value->second, '$'), "$$");
}

void read_value_from(Reading& reading, const Item& item, EnvironmentVariable& variable) {
  Fields fields(reading, item);
  const auto secret = fields.find("secretKeyRef");
  const auto config = fields.find("configMapKeyRef");
  fields.refuse("fieldRef",
                "is not supported on one box; ${run.…} and the STUDY_ variables say what an attempt is");
  fields.refuse("resourceFieldRef", "is not supported on one box; write value: \"${resources.cpu}\"");
  if (secret) variable.secret = read_secret_reference(reading, *secret);
  if (config) variable.value = read_config_value(reading, *config);
  if (secret && config) fields.problem("configMapKeyRef", "there is a secretKeyRef already; keep one");
  if (fields.is_map() && item.node->entries.empty())
    reading.problems.add(item.node->place, item.path, "is empty; give secretKeyRef or configMapKeyRef");
}

std::optional<EnvironmentVariable> read_variable(Reading& reading, const Item& item) {
  Fields fields(reading, item);
  EnvironmentVariable variable;
  fields.require("name", "name the variable");
  fields.text("name", variable.name);
  fields.templated("value", variable.value);
  if (const auto from = fields.find("valueFrom")) {
    if (fields.find("value")) fields.problem("valueFrom", "there is a value already; keep one");
    read_value_from(reading, *from, variable);
  }
  if (!fields.has_text("name")) return std::nullopt;
  if (!is_variable_name(variable.name)) {
    fields.problem("name",
                   "'" + shortened(variable.name) + "' cannot name a variable; use letters, digits and _");
  } else if (variable.name.starts_with("STUDY_")) {
    fields.problem("name", "names that begin with STUDY_ are set by studyctl; use another");
  }
  return variable;
}

Written written_variable(const EnvironmentVariable& variable) {
  FieldWriter out;
  out.text("name", variable.name);
  if (variable.secret) {
    out.map("valueFrom", *variable.secret,
            [](auto& from, auto& secret) { from.map("secretKeyRef", secret, kReference); });
  } else {
    out.put("value", Written::text(variable.value));
  }
  return out.take();
}

// That no variable is set twice, and that $(NAME) of a Kubernetes text stands for no secret: it would be on
// the command line.
void check_environment(Fields& container, const Container& result) {
  std::vector<Item> texts;
  std::map<std::string, Place> places;
  for (const char* name : {"command", "args", "env"}) {
    const auto list = container.find(name);
    for (Item& item : list ? one_or_list(*list) : std::vector<Item>{}) {
      const Node* value = item.node->find("value");
      const Node* variable = item.node->find("name");
      if (variable && variable->is_scalar()) {
        const auto [first, is_new] = places.emplace(variable->text, item.node->place);
        if (!is_new) {
          container.problems().add(item.node->place, item.path,
                                   shortened(variable->text) + " is set already, at " +
                                       container.problems().source().describe(first->second) + "; keep one");
        }
      }
      texts.push_back(value ? Item{value, item.path + ".value"} : std::move(item));
    }
  }
  for (const EnvironmentVariable& variable : result.environment) {
    if (!variable.secret) continue;
    const std::string reference = "$(" + variable.name + ")";
    for (const Item& item : texts) {
      const size_t at = item.node->text.find(reference);
      if (at == std::string::npos || (at > 0 && item.node->text[at - 1] == '$')) continue;
      container.problems().add(item.node->place, item.path,
                               reference +
                                   " is a secret, which command lines and stored specs would show; read " +
                                   variable.name + " from the environment in the container");
    }
  }
}

void check_mount(Fields& fields, const VolumeMount& mount) {
  if (!mount.path.empty() && !mount.path.starts_with('/'))
    fields.problem("mountPath", "must begin with /, is " + shortened(mount.path));
  if (mount.sub_path.starts_with('/') || has_dot_dot(mount.sub_path)) {
    fields.problem("subPath", "must stay within the volume: a path without / in front and without ..");
  }
  const auto path = fields.find("mountPath");
  if (path && !mount.path.empty())
    fields.reading().mounts.push_back({mount.path, path->node->place, path->path});
}

constexpr auto kMount = [](auto& io, auto& mount) {
  io.require("name", "say which volume");
  io.text("name", mount.volume);
  io.require("mountPath", "say where in the container");
  io.templated("mountPath", mount.path);
  io.templated("subPath", mount.sub_path);
  io.flag("readOnly", mount.read_only);
  io.when_read([&](auto& fields) { check_mount(fields, mount); });
  io.refuse(std::array<std::string_view, 3>{"subPathExpr", "mountPropagation", "recursiveReadOnly"},
            kNotHere);
};

// What is mounted, for the pod to have its volume.
void note_volumes(Fields& container, const std::vector<VolumeMount>& mounts) {
  const auto list = container.find("volumeMounts");
  const std::vector<Item> items = list ? one_or_list(*list) : std::vector<Item>{};
  for (size_t i = 0; i < mounts.size(); ++i) {
    if (!mounts[i].volume.empty())
      container.reading().volumes.push_back(
          {mounts[i].volume, items[i].node->place, items[i].path + ".name"});
  }
}

void check_security(Fields& fields, SecurityContext& security) {
  if (!fields.find("allowPrivilegeEscalation")) security.allow_privilege_escalation = security.privileged;
  if (security.privileged && !security.allow_privilege_escalation) {
    fields.problem("allowPrivilegeEscalation",
                   "cannot be false in a privileged container; remove one of the two");
  }
}

constexpr auto kSecurity = [](auto& io, auto& security) {
  constexpr int64_t kMostId = 2'147'483'647;
  io.integer("runAsUser", security.run_as_user, 0, kMostId);
  io.integer("runAsGroup", security.run_as_group, 0, kMostId);
  io.flag("readOnlyRootFilesystem", security.read_only_root);
  io.flag("privileged", security.privileged);
  io.flag("allowPrivilegeEscalation", security.allow_privilege_escalation);
  io.when_read([&](auto& fields) { check_security(fields, security); });
  io.map("capabilities", security, [](auto& inner, auto& of) {
    inner.texts("add", of.add_capabilities);
    inner.texts("drop", of.drop_capabilities);
  });
  io.refuse("runAsNonRoot", "is not supported on one box; set runAsUser");
  io.refuse(std::array<std::string_view, 5>{"seccompProfile", "appArmorProfile", "seLinuxOptions",
                                            "procMount", "windowsOptions"},
            kNotHere);
};

void check_container(Fields& fields, const Container& container) {
  if (!container.name.empty() && !is_label(container.name, 63)) {
    fields.problem(
        "name", "'" + shortened(container.name) + "' is no label; use a-z, 0-9 and -, 63 characters at most");
  }
  if (fields.has_text("image") && container.image.empty())
    fields.problem("image", "is empty; say which image to run");
  if (container.image.find_first_of(" \t\n") != std::string::npos)
    fields.problem("image", "has a space in it; an image is written as registry/name:tag");
  const std::string& message_path = container.termination_message_path;
  if (!message_path.empty() && !message_path.starts_with('/'))
    fields.problem("terminationMessagePath", "must begin with /, is " + shortened(message_path));
  check_environment(fields, container);
  note_volumes(fields, container.mounts);
}

void refuse_cluster_fields(Fields& fields) {
  fields.refuse("envFrom", "is not supported on one box; list each under env");
  fields.refuse("livenessProbe", "is not supported on one box; execution.timeouts.stalled finds what hangs");
  fields.refuse("ports", "is not supported on one box; hostNetwork: true opens the host's");
  fields.refuse("restartPolicy", "is not supported on one box; execution.retry tries again");
  fields.refuse(std::array<std::string_view, 8>{"lifecycle", "readinessProbe", "resizePolicy", "startupProbe",
                                                "stdin", "stdinOnce", "terminationMessagePolicy", "tty"},
                kNotHere);
}

// What runs beside main does so on a cluster alone, which judges what is said of it there.
void read_sidecar(Fields& fields, Container& sidecar) {
  read_sidecar_fields(fields, sidecar.cluster_fields);
  if (sidecar.sidecar == Sidecar::FromItsTurn) {
    fields.find("restartPolicy");  // which it is known by
  } else {
    fields.refuse("restartPolicy", "is for init containers, of which one with Always goes on beside main");
  }
  fields.refuse("terminationMessagePath", "is read of containers[0] alone; remove it");
  const std::string& name = sidecar.name;
  if (name.empty()) fields.problem("name", "is missing; name the container");
  if (name == "main" || name.starts_with("init-") || name.starts_with("carry-"))
    fields.problem(
        "name", "'" + shortened(name) + "' is what studyctl calls a container of its own; use another name");
  if (!sidecar.resources.devices.empty())
    fields.problem("resources", "devices are given to containers[0] alone; ask for them there");
}

void write_sidecar(FieldWriter& out, const Container& container) {
  std::map<std::string, std::string> fields = container.cluster_fields;
  fields.erase(std::string(kClaims));
  write_cluster_fields(out, fields);
  if (container.sidecar == Sidecar::FromItsTurn) out.text("restartPolicy", "Always");
}

constexpr auto kContainer = [](auto& io, auto& container) {
  io.text("name", container.name);
  io.require("image", "say which image to run");
  io.templated("image", container.image);
  io.choice("imagePullPolicy", container.pull_policy, kPullPolicies);
  io.templates("command", container.command);
  io.templates("args", container.arguments);
  io.templated("workingDir", container.working_directory);
  io.items("env", container.environment, read_variable, written_variable);
  io.when_read([&](auto& fields) { read_resources(fields, container.resources, &container.cluster_fields); });
  io.when_written([&](auto& out) { write_resources(out, container.resources, &container.cluster_fields); });
  io.list("volumeMounts", container.mounts, kMount);
  io.map("securityContext", container.security, kSecurity);
  io.text("terminationMessagePath", container.termination_message_path);
  io.when_read([&](auto& fields) {
    check_container(fields, container);
    container.sidecar == Sidecar::No ? refuse_cluster_fields(fields) : read_sidecar(fields, container);
  });
  io.when_written([&](auto& out) { write_sidecar(out, container); });
  io.refuse("volumeDevices", "is not supported on one box; ask for a path below /dev under resources.limits");
  io.refuse("imagePullSecrets", "belongs beside containers; move it there");
};

constexpr auto kContainerChanges = [](auto& io, auto& to) {
  io.templated("image", to.image);
  io.when_written([&](auto& out) {
    if (to.pull_policy) out.choice("imagePullPolicy", *to.pull_policy, kPullPolicies);
    if (to.command) out.templates("command", *to.command);
    if (to.arguments) out.templates("args", *to.arguments);
  });
  io.items("env", to.environment, read_variable, written_variable);
  io.when_read([&](auto& fields) { read_resources(fields, to.resources); });
  io.when_written([&](auto& out) { write_resources(out, to.resources); });
  io.refuse(std::array<std::string_view, 6>{"name", "workingDir", "volumeMounts", "securityContext",
                                            "terminationMessagePath", "volumes"},
            "is the same for all experiments; an override has image, imagePullPolicy, command, args, env and "
            "resources");
};

}  // namespace

void read_container_changes(Fields& fields, Override& to) {
  fields.map("container", to, [](Fields& container, Override& of) {
    kContainerChanges(container, of);
    if (container.find("imagePullPolicy"))
      container.choice("imagePullPolicy", of.pull_policy.emplace(), kPullPolicies);
    if (container.find("command")) container.templates("command", of.command.emplace());
    if (container.find("args")) container.templates("args", of.arguments.emplace());
    if (container.has_text("image") && of.image.empty())
      container.problem("image", "is empty; leave it out to keep the image");
    Container changed = container.reading().main;
    changed.environment.insert(changed.environment.end(), of.environment.begin(), of.environment.end());
    check_environment(container, changed);
  });
}

void write_container_changes(FieldWriter& out, const Override& from) {
  out.map("container", from, kContainerChanges);
}

void read_container(Fields& fields, Container& container) {
  kContainer(fields, container);
  std::erase_if(container.resources.devices, [](const DeviceRequest& device) { return device.count == 0; });
}

Written written_container(const Container& container) {
  FieldWriter out;
  kContainer(out, container);
  return out.take();
}

}  // namespace studyctl
