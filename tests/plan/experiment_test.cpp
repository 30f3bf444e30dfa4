#include "plan/experiment.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/hash.h"
#include "plan/study_builder.h"

namespace studyctl {
namespace {

class Identity : public testing::Test {
 protected:
  Identity() {
    study_.name = "nmr";
    study_.pod.main.image = "acme/${params.backend}:1.4";
    study_.pod.main.command = {"bench", "--model", "${params.model}", "--seed", "${run.seed}"};
    study_.pod.main.environment = {{"TOKEN", "", SecretReference{"hf", "token"}},
                                   {"A", "${params.model}", {}}};
    study_.files = {{"input.nw", "charge 0", ""}, {"mol.xyz", "", "xyz/${params.model}.xyz"}};
  }

  std::string identity(const std::function<void(Study&)>& change = [](Study&) {}) const {
    Study study = study_;
    change(study);
    return Identifier(study, inputs_).of(point_).identity;
  }

  Study study_;
  const Point point_{{{"model", text("tiny")}, {"backend", text("vllm")}}};
  Inputs inputs_ = {{"xyz/tiny.xyz", "abc123"}};
};

TEST_F(Identity, IsTheHashOfCanonicalJson) {
  const Identifier identifier(study_, inputs_);
  EXPECT_EQ(
      identifier.canonical_json(point_),
      R"({"executes":{"files":{"input.nw":{"content":"charge 0"},"mol.xyz":{"input":0}},)"
      R"("main":{"command":["bench","--model","tiny","--seed","${run.seed}"],)"
      R"("env":[{"name":"TOKEN","secret":{"key":"token","name":"hf"}},{"name":"A","value":"tiny"}],)"
      R"("image":"acme/vllm:1.4"}},"inputs":["abc123"],"parameters":{"backend":"vllm","model":"tiny"}})");
  EXPECT_EQ(identifier.of(point_).identity, sha256_hex(identifier.canonical_json(point_)));
  EXPECT_EQ(identifier.of(point_).id, "tiny-vllm-" + identifier.of(point_).identity.substr(0, 16));
}

TEST_F(Identity, ChangesWithWhatIsExecuted) {
  const std::vector<std::function<void(Study&)>> changes = {
      [](Study& study) { study.pod.main.image = "acme/${params.backend}:1.5"; },
      [](Study& study) { study.pod.main.command.push_back("-v"); },
      [](Study& study) { study.pod.main.arguments = {"x"}; },
      [](Study& study) { study.pod.main.environment[1].value = "b"; },
      [](Study& study) { study.pod.main.environment[0].secret->key = "other"; },
      [](Study& study) { study.pod.main.working_directory = "/srv"; },
      [](Study& study) {
        study.pod.main.mounts = {{"data", "/data", "", true}};
      },
      [](Study& study) { study.pod.main.resources.millicpu = 4000; },
      [](Study& study) {
        study.pod.main.resources.devices = {{"nvidia.com/gpu", 1}};
      },
      [](Study& study) { study.pod.init_containers.push_back(study.pod.main); },
      [](Study& study) {
        study.pod.volumes = {{"data", HostPathVolume{"/srv/data"}}};
      },
      [](Study& study) {
        study.pod.volumes = {{"data", ProjectedVolume{false, "cfg", {}, {{"k", "1"}}}}};
      },
      [](Study& study) {
        study.pod.volumes = {{"data", ProjectedVolume{false, "cfg", {}, {{"k", "2"}}}}};
      },
      [](Study& study) { study.files[0].content = "charge 1"; },
      [](Study& study) { study.files[0].path = "input.in"; },
      [](Study& study) { study.pod.main.command[4] = "${run.id}"; },
  };
  std::vector<std::string> seen = {identity()};
  for (const auto& change : changes) {
    const std::string changed = identity(change);
    EXPECT_EQ(std::count(seen.begin(), seen.end(), changed), 0) << "change " << seen.size();
    seen.push_back(changed);
  }
  const std::string before = identity();
  inputs_["xyz/tiny.xyz"] = "other";
  EXPECT_NE(identity(), before);
}

TEST_F(Identity, StaysWhenOnlyTheExecutionChanges) {
  const std::vector<std::function<void(Study&)>> changes = {
      [](Study& study) { study.name = "other"; },
      [](Study& study) { study.labels["team"] = "perf"; },
      [](Study& study) { study.execution.cycles = 5; },
      [](Study& study) { study.execution.timeouts.run = std::chrono::minutes(5); },
      [](Study& study) { study.pod.main.resources.memory_bytes = 1 << 30; },
      [](Study& study) { study.pod.main.pull_policy = PullPolicy::Never; },
      [](Study& study) { study.results.required = {"out.json"}; },
      [](Study& study) { std::swap(study.files[0], study.files[1]); },
      [](Study& study) {
        study.sweep.push_back(axis("model", {"tiny", "big"}));
      },
  };
  for (const auto& change : changes) EXPECT_EQ(identity(change), identity()) << &change - changes.data();
}

TEST_F(Identity, ChangesWithTheKindOfAParameter) {
  const Identifier identifier(study_, inputs_);
  EXPECT_NE(identifier.of(Point{{{"x", number("1")}}}).identity,
            identifier.of(Point{{{"x", text("1")}}}).identity);
}

TEST_F(Identity, DoesNotDependOnTheOrderOfParameters) {
  const Point swapped{{point_.parameters[1], point_.parameters[0]}};
  EXPECT_EQ(Identifier(study_, inputs_).of(swapped).identity, identity());
}

TEST_F(Identity, AQuoteInAParameterCannotBreakOutOfTheJson) {
  const Point evil{{{"model", text("\",\"x\":\"")}, {"backend", text("vllm")}}};
  EXPECT_NE(Identifier(study_, inputs_).canonical_json(evil).find(R"("--model","\",\"x\":\"")"),
            std::string::npos);
}

TEST_F(Identity, OfAStudyWithoutParametersHasAnIdToo) {
  const std::string id = Identifier(study_, inputs_).of(Point{}).id;
  EXPECT_TRUE(id.starts_with("experiment-")) << id;
}

TEST(SlugOf, HasOnlyCharactersThatNamesMayHave) {
  EXPECT_EQ(slug_of(Point{{{"a", text("Water_(l)")}, {"b", number("-0.5")}, {"c", text("B3LYP")}}}),
            "water-l-0-5-b3lyp");
  EXPECT_EQ(slug_of(Point{{{"a", text("λ")}}}), "experiment");
  EXPECT_EQ(slug_of(Point{{{"a", text("../../etc")}}}), "etc");
}

TEST(SlugOf, IsFortyCharactersAtMost) {
  EXPECT_EQ(slug_of(Point{{{"a", text(std::string(39, 'a'))}, {"b", text("b")}}}), std::string(39, 'a'));
  EXPECT_EQ(slug_of(Point{{{"a", text(std::string(1000, 'a'))}}}), std::string(40, 'a'));
}

TEST(RepetitionSeed, IsGivenByStudySeedParametersAndCycleAlone) {
  const Point point{{{"a", number("1")}, {"b", text("x")}}};
  const Point swapped{{{"b", text("x")}, {"a", number("1")}}};
  const uint32_t seed = repetition_seed(42, point, 1);
  EXPECT_EQ(seed, std::stoul(sha256_hex("42\n{\"a\":1,\"b\":\"x\"}\n1").substr(0, 8), nullptr, 16) >> 1);
  EXPECT_EQ(repetition_seed(42, swapped, 1), seed);
  EXPECT_NE(repetition_seed(42, point, 2), seed);
  EXPECT_NE(repetition_seed(43, point, 1), seed);
}

TEST(CanonicalParameters, SortsNamesAndKeepsLiteralText) {
  const Point point{{{"b", number("0.10")},
                     {"a", text("é\"\n\x01")},
                     {"c", {Value::Kind::Boolean, "true"}},
                     {"d", {Value::Kind::Null, "null"}}}};
  EXPECT_EQ(canonical_parameters(point), "{\"a\":\"é\\\"\\n\\u0001\",\"b\":0.10,\"c\":true,\"d\":null}");
  EXPECT_EQ(canonical_parameters(Point{}), "{}");
}

}  // namespace
}  // namespace studyctl
