#include "study/plan_text.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"

namespace studyctl {
namespace {

std::vector<std::string> lines_of(const std::string& manifest) {
  auto read = read_manifest(manifest, "study.yaml");
  EXPECT_TRUE(read) << read.error().message;
  auto study = load_applied(read->applied_json, {}, {});
  EXPECT_TRUE(study) << study.error().message;
  std::vector<std::string> lines = plan_summary(**study);
  lines.insert(lines.end(), read->warnings.begin(), read->warnings.end());
  return lines;
}

const std::string kOverridden = R"(
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: nmr}
spec:
  parameters: {program: {enum: [xtb, orca]}}
  sweep: {method: [hf, ccsd], charge: [0, 1, 2]}
  overrides:
    - match: {method: ccsd, charge: {gt: 0}}
      timeouts: {run: 2h}
      container: {image: "acme/big:1", resources: {limits: {memory: 64Gi}}}
    - {match: {program: orca}, timeouts: {run: 3h}}
  template: {spec: {containers: [{name: main, image: "acme/nmr:1"}]}}
)";

TEST(PlanText, SaysWhichPointsAnOverrideChangesAndWhatOfThem) {
  const auto lines = lines_of(kOverridden);
  const auto has = [&](const std::string& line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  };
  EXPECT_TRUE(
      has("  override: 2 of 6 points where method=ccsd, charge>0: image acme/big:1, limits.memory 64Gi, "
          "timeouts.run 2h"))
      << lines[1];
  EXPECT_TRUE(has("  override: 0 of 6 points where program=orca: timeouts.run 3h")) << lines[2];
}

TEST(PlanText, SaysHowAParameterThatNoExperimentHasGetsValues) {
  const std::string all = join(lines_of(kOverridden), "\n");
  EXPECT_NE(
      all.find("spec.parameters.program: no experiment has this parameter: give it values by an axis of "
               "spec.sweep, or by --param program=VALUE"),
      std::string::npos)
      << all;
}

}  // namespace
}  // namespace studyctl
