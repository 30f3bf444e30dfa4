#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "manifest/manifest.h"

namespace studyctl {

// A manifest with these lines below spec, a container added.
inline std::string manifest_with(std::string_view spec) {
  return "apiVersion: studyctl.io/v1alpha1\nkind: Study\nmetadata: {name: s}\nspec:\n" + std::string(spec) +
         "  template: {spec: {containers: [{image: a}]}}\n";
}

// A manifest whose container has these fields: "image: a, command: [x]".
inline std::string container_with(std::string_view fields, std::string_view pod = "") {
  return "apiVersion: studyctl.io/v1alpha1\nkind: Study\nmetadata: {name: s}\nspec:\n  template: {spec: "
         "{containers: [{" +
         std::string(fields) + "}]" + std::string(pod) + "}}\n";
}

// The study of `text`, which must be sound.
inline Study study_of(std::string_view text, const Overrides& overrides = {}) {
  auto manifest = read_manifest(text, "study.yaml", overrides);
  EXPECT_TRUE(manifest) << (manifest ? "" : manifest.error().message);
  return manifest ? manifest->study : Study();
}

// What is wrong with `text`; empty when nothing is.
inline std::string problems_of(std::string_view text, const Overrides& overrides = {}) {
  const auto manifest = read_manifest(text, "study.yaml", overrides);
  return manifest ? "" : manifest.error().message;
}

}  // namespace studyctl
