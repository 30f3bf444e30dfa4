#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "manifest/document.h"
#include "manifest/reading_support.h"

// The schema that editors use knows the fields that the reader knows, no more and no fewer.
namespace studyctl {
namespace {

std::string schema_text() {
  std::ifstream file(std::string(SOURCE_DIR) + "/manifests/study.schema.json");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The names under `properties` of a definition; of a part of it with a path like "cooldown".
std::set<std::string> fields_in_schema(const Node& schema, const std::string& definition) {
  const Node* node = &schema;
  for (const std::string& part : split(definition, '/')) node = node ? node->find(part) : nullptr;
  const Node* properties = node ? node->find("properties") : nullptr;
  std::set<std::string> names;
  if (properties) {
    for (const Node::Entry& entry : properties->entries) names.insert(entry.key);
  }
  return names;
}

// The fields that the reader lists where it finds one that it does not know.
std::set<std::string> fields_of_reader(const std::string& manifest) {
  const std::string told = problems_of(manifest);
  const std::string marker = "unknownfieldhere: unknown field; there ";
  const size_t at = told.find(marker);
  if (at == std::string::npos) return {};
  std::string list = told.substr(at + marker.size());
  list = list.substr(0, list.find('\n'));
  std::set<std::string> names;
  for (const std::string& name : split(list.substr(list.find(": ") + 2), ',')) names.emplace(trim(name));
  return names;
}

std::string execution(const std::string& fields) {
  return manifest_with("  execution: {" + fields + "}\n");
}

TEST(Schema, HasTheFieldsThatTheReaderHas) {
  const std::string text = schema_text();
  Source source("study.schema.json", text);
  Problems problems(source);
  const Documents documents = read_documents(text, problems);
  ASSERT_FALSE(problems.any()) << problems.error().message;
  const std::string x = "unknownfieldhere: 1";
  const std::vector<std::pair<std::string, std::string>> places = {
      {"$defs/metadata", "apiVersion: studyctl.io/v1alpha1\nkind: Study\nmetadata: {" + x + "}\n"},
      {"$defs/spec", manifest_with("  " + x + "\n")},
      {"$defs/parameter", manifest_with("  parameters: {a: {" + x + "}}\n")},
      {"$defs/csv", manifest_with("  experimentsFrom: {csv: {" + x + "}}\n")},
      {"$defs/override", manifest_with("  overrides: [{" + x + "}]\n")},
      {"$defs/override/properties/timeouts", manifest_with("  overrides: [{timeouts: {" + x + "}}]\n")},
      {"$defs/override/properties/container", manifest_with("  overrides: [{container: {" + x + "}}]\n")},
      {"$defs/range", manifest_with("  sweep: {a: {" + x + "}}\n")},
      {"$defs/pod", container_with("image: a", ", " + x)},
      {"$defs/container/properties/resources", container_with("resources: {" + x + "}")},
      {"$defs/container/properties/volumeMounts/items", container_with("volumeMounts: [{" + x + "}]")},
      {"$defs/container/properties/securityContext", container_with("securityContext: {" + x + "}")},
      {"$defs/variable", container_with("env: [{" + x + "}]")},
      {"$defs/variable/properties/valueFrom", container_with("env: [{valueFrom: {" + x + "}}]")},
      {"$defs/keyReference", container_with("env: [{valueFrom: {secretKeyRef: {" + x + "}}}]")},
      {"$defs/volume", container_with("image: a", ", volumes: [{" + x + "}]")},
      {"$defs/volume/properties/hostPath",
       container_with("image: a", ", volumes: [{hostPath: {" + x + "}}]")},
      {"$defs/volume/properties/emptyDir",
       container_with("image: a", ", volumes: [{emptyDir: {" + x + "}}]")},
      {"$defs/volume/properties/secret", container_with("image: a", ", volumes: [{secret: {" + x + "}}]")},
      {"$defs/results", manifest_with("  results: {" + x + "}\n")},
      {"$defs/check", manifest_with("  results: {success: [{" + x + "}]}\n")},
      {"$defs/metric", manifest_with("  results: {metrics: [{" + x + "}]}\n")},
      {"$defs/source", manifest_with("  results: {metrics: [{from: {" + x + "}}]}\n")},
      {"$defs/execution", execution(x)},
      {"$defs/execution/properties/cooldown", execution("cooldown: {" + x + "}")},
      {"$defs/execution/properties/gpu", execution("gpu: {" + x + "}")},
      {"$defs/execution/properties/process", execution("process: {" + x + "}")},
      {"$defs/execution/properties/slurm", execution("slurm: {" + x + "}")},
      {"$defs/timeouts", execution("timeouts: {" + x + "}")},
      {"$defs/retry", execution("retry: {" + x + "}")},
      {"$defs/retry/properties/backoff", execution("retry: {backoff: {" + x + "}}")},
      {"$defs/retryRule", execution("retry: {rules: [{" + x + "}]}")},
      {"$defs/failureThreshold", execution("failureThreshold: {" + x + "}")},
      {"$defs/execution/properties/repeatUntil", execution("repeatUntil: {" + x + "}")},
      {"$defs/execution/properties/budget", execution("budget: {" + x + "}")},
      {"$defs/notification", manifest_with("  notifications: [{" + x + "}]\n")},
      {"$defs/notification/properties/retry", manifest_with("  notifications: [{retry: {" + x + "}}]\n")},
      {"$defs/webhook", manifest_with("  notifications: [{webhook: {" + x + "}}]\n")},
      {"$defs/email", manifest_with("  notifications: [{email: {" + x + "}}]\n")},
      {"$defs/keyReference", manifest_with("  notifications: [{webhook: {secretRef: {" + x + "}}}]\n")},
      {"$defs/spec/properties/checkpoint", manifest_with("  checkpoint: {" + x + "}\n")},
  };
  for (const auto& [definition, manifest] : places) {
    const std::set<std::string> in_schema = fields_in_schema(*documents.roots.at(0), definition);
    EXPECT_FALSE(in_schema.empty()) << definition;
    EXPECT_EQ(in_schema, fields_of_reader(manifest)) << definition;
  }
  // A container's are those of the first one, and those of what runs beside it.
  std::set<std::string> of_containers = fields_of_reader(container_with(x));
  of_containers.merge(
      fields_of_reader(container_with("image: a", ", initContainers: [{restartPolicy: Always, " + x + "}]")));
  EXPECT_EQ(fields_in_schema(*documents.roots.at(0), "$defs/container"), of_containers);
}

}  // namespace
}  // namespace studyctl
