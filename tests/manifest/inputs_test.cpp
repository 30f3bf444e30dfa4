#include "manifest/inputs.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr const char* kStudy =
    "apiVersion: studyctl.io/v1alpha1\n"
    "kind: Study\n"
    "metadata: {name: s, annotations: {studyctl.io/inputs: 'one, two'}}\n"
    "spec:\n"
    "  experimentsFrom: {csv: {path: ./data/rows.csv}}\n"
    "  template: {spec: {containers: [{name: main, image: a, command: ['true']}]}}\n";

Overrides with(std::map<std::string, std::map<std::string, std::string>> configs) {
  Overrides overrides;
  overrides.find_config =
      [configs = std::move(configs)](const std::string& name) -> Result<std::map<std::string, std::string>> {
    if (const auto found = configs.find(name); found != configs.end()) return found->second;
    return Error{ErrorCode::NotFound, "no"};
  };
  return overrides;
}

TEST(Inputs, HaveKeysThatACLusterTakes) {
  EXPECT_EQ(input_key("my_rows-1.csv"), "my_rows-1.csv");
  EXPECT_EQ(input_key("./data//a b.csv"), "data_2Fa_20b.csv");
  EXPECT_EQ(input_key("../x"), "_2E._2Fx");
  EXPECT_EQ(input_key("\xC3\xA9"), "_C3_A9");
}

TEST(Inputs, AreFoundInTheConfigMapsThatTheStudyNames) {
  const auto manifest = read_manifest(
      kStudy, "f", with({{"one", {{"other", ""}}}, {"two", {{"data_2Frows.csv", "a\n1\n2\n"}}}}));
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->study.experiments_from->rows.size(), 2u);
  EXPECT_EQ(manifest->inputs.size(), 2u);
  EXPECT_TRUE(manifest->configs.empty()) << "a run keeps the files by themselves";
}

TEST(Inputs, ThatAreMissingAreTold) {
  const auto none = read_manifest(kStudy, "f", with({{"one", {}}}));
  ASSERT_FALSE(none);
  EXPECT_TRUE(
      none.error().message.find("metadata.annotations.studyctl.io/inputs: there is no ConfigMap 'two'") !=
      std::string::npos)
      << none.error().message;
  const auto empty = read_manifest(kStudy, "f", with({{"one", {}}, {"two", {}}}));
  ASSERT_FALSE(empty);
  EXPECT_TRUE(empty.error().message.find("spec.experimentsFrom.csv.path: ./data/rows.csv: files cannot") !=
              std::string::npos)
      << empty.error().message;
}

TEST(Inputs, OfAnAppliedStudyAreThoseThatItsRunKeeps) {
  Overrides overrides = with({});
  overrides.read_input = [](const std::string&) -> Result<std::string> { return std::string("a\n1\n"); };
  const auto manifest = read_applied(kStudy, "f", overrides);
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->study.experiments_from->rows.size(), 1u);
}

TEST(Inputs, ArePackedAsAClusterTakesThem) {
  const std::string half(500u << 10, 'x');
  const auto packed = pack_inputs("s", {{"a", half}, {"b", half}, {"c", "\xff"}});
  ASSERT_TRUE(packed);
  ASSERT_EQ(packed->size(), 2u);
  EXPECT_EQ((*packed)[0].name, "s-inputs");
  EXPECT_EQ((*packed)[1].name, "s-inputs-2");
  EXPECT_EQ(*find_input(*packed, "./c"), "\xff");
  EXPECT_EQ(find_input(*packed, "d"), nullptr);
  const auto large = pack_inputs("s", {{"big.csv", std::string(701u << 10, 'x')}});
  ASSERT_FALSE(large);
  EXPECT_TRUE(large.error().message.starts_with("big.csv: has 701.0 KiB, and a ConfigMap takes 700.0 KiB"))
      << large.error().message;
  const auto twins = pack_inputs("s", {{"a/b", ""}, {"a_2Fb", ""}});
  ASSERT_FALSE(twins);
  EXPECT_EQ(twins.error().message, "a_2Fb and a/b have one key in a ConfigMap: rename one");
}

TEST(Inputs, AreWrittenBeforeTheStudyThatNamesThem) {
  auto manifest = read_manifest(kStudy, "f", with({{"one", {}}, {"two", {{"data_2Frows.csv", "a\n1\n"}}}}));
  ASSERT_TRUE(manifest) << manifest.error().message;
  const std::string text = to_yaml(*manifest);
  EXPECT_LT(text.find("kind: ConfigMap"), text.find("kind: Study"));
  const auto again = read_manifest(text, "again");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_yaml(*again), text);
}

}  // namespace
}  // namespace studyctl
