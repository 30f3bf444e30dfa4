#include "plan/resolve.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "plan/study_builder.h"

namespace studyctl {
namespace {

class Resolve : public testing::Test {
 protected:
  Resolve() {
    study_.name = "nmr";
    study_.pod.main.image = "acme/${params.backend}:1.4";
    names_.study = "nmr";
    names_.run = "2026-11-22_14-30-05";
    names_.experiment = "vllm-8-0123456789abcdef";
    names_.index = 3;
    names_.cycle = 2;
    names_.attempt = 4;
    names_.seed = 99;
    names_.machine_millicpu = 16000;
    names_.machine_memory_bytes = int64_t{64} << 30;
  }

  ResolvedPod resolved() const {
    Result<ResolvedPod> pod = resolve(study_, study_.pod, point_, names_);
    EXPECT_TRUE(pod) << (pod ? "" : pod.error().message);
    return *std::move(pod);
  }
  std::optional<std::string> variable(const std::string& name) const {
    for (const auto& [key, value] : resolved().environment) {
      if (key == name) return value;
    }
    return std::nullopt;
  }

  Study study_;
  Point point_{{{"backend", text("vllm")}, {"pytorch.batch-size", number("8")}}};
  AttemptNames names_;
};

TEST_F(Resolve, PutsValuesIntoEveryTextOfTheContainers) {
  Container& main = study_.pod.main;
  main.command = {"bench", "${params.backend}"};
  main.arguments = {"--seed=${run.seed}", "${run.id}/${run.cycle}/${run.index}/${run.attempt}"};
  main.environment = {{"ID", "${experiment.id}", {}}};
  main.working_directory = "/srv/${params.backend}";
  main.mounts = {{"data", "/data/${params.backend}", "sub/${params.pytorch.batch-size}", true}};
  study_.pod.init_containers = {main};
  study_.pod.init_containers[0].image = "init:${params.pytorch.batch-size}";
  const ResolvedPod pod = resolved();
  EXPECT_EQ(pod.main.image, "acme/vllm:1.4");
  EXPECT_EQ(pod.main.command[1], "vllm");
  EXPECT_EQ(pod.main.arguments[0], "--seed=99");
  EXPECT_EQ(pod.main.arguments[1], "2026-11-22_14-30-05/2/3/4");
  EXPECT_EQ(pod.main.environment[0].value, "vllm-8-0123456789abcdef");
  EXPECT_EQ(pod.main.working_directory, "/srv/vllm");
  EXPECT_EQ(pod.main.mounts[0].path, "/data/vllm");
  EXPECT_EQ(pod.main.mounts[0].sub_path, "sub/8");
  ASSERT_EQ(pod.init.size(), 1u);
  EXPECT_EQ(pod.init[0].image, "init:8");
  EXPECT_EQ(pod.init[0].command[1], "vllm");
}

TEST_F(Resolve, ExpandsVariablesAsTheKubeletDoes) {
  Container& main = study_.pod.main;
  main.environment = {{"A", "a-$(STUDY_SEED)-$(B)", {}},
                      {"B", "$(A)", {}},
                      {"TOKEN", "", SecretReference{"hf", "token"}},
                      {"OMP_NUM_THREADS", "1", {}}};
  main.command = {"sh", "-c", "echo $(A) $$(A) $$PPID $(TOKEN) $(OMP_NUM_THREADS) $(date)"};
  main.arguments = {"$(STUDY_PARAM_BACKEND)"};
  main.working_directory = "/srv/$(A)";
  study_.files = {{"run.sh", "echo $(A) $$", ""}};
  study_.pod.init_containers = {main};
  study_.pod.init_containers[0].environment.clear();
  const ResolvedPod pod = resolved();
  EXPECT_EQ(pod.main.environment[0].value, "a-99-$(B)");
  EXPECT_EQ(pod.main.environment[1].value, "a-99-$(B)");
  EXPECT_EQ(pod.main.command[2], "echo a-99-$(B) $(A) $PPID $(TOKEN) 1 $(date)");
  EXPECT_EQ(pod.main.arguments[0], "vllm");
  EXPECT_EQ(pod.main.working_directory, "/srv/$(A)");
  EXPECT_EQ(pod.files[0].content, "echo $(A) $$");
  EXPECT_EQ(pod.init[0].command[2], "echo $(A) $(A) $PPID $(TOKEN) 16 $(date)");
}

TEST_F(Resolve, PutsValuesIntoFilesAndTheirSources) {
  study_.files = {{"input.nw", "backend ${params.backend} $${kept}", ""},
                  {"mol.xyz", "", "xyz/${params.backend}.xyz"}};
  const ResolvedPod pod = resolved();
  ASSERT_EQ(pod.files.size(), 2u);
  EXPECT_EQ(pod.files[0].path, "input.nw");
  EXPECT_EQ(pod.files[0].content, "backend vllm ${kept}");
  EXPECT_EQ(pod.files[1].from_file, "xyz/vllm.xyz");
}

TEST_F(Resolve, LeavesSecretsAsReferences) {
  study_.pod.main.environment = {{"TOKEN", "", SecretReference{"hf", "token"}}};
  const ResolvedPod pod = resolved();
  EXPECT_EQ(pod.main.environment[0].secret->key, "token");
  EXPECT_EQ(pod.main.environment[0].value, "");
}

TEST_F(Resolve, TellsTheContainerItsParametersAndNames) {
  study_.results.path = "/out";
  EXPECT_EQ(variable("STUDY_PARAM_BACKEND"), "vllm");
  EXPECT_EQ(variable("STUDY_PARAM_PYTORCH_BATCH_SIZE"), "8");
  EXPECT_EQ(variable("STUDY_NAME"), "nmr");
  EXPECT_EQ(variable("STUDY_RUN"), "2026-11-22_14-30-05");
  EXPECT_EQ(variable("STUDY_EXPERIMENT"), "vllm-8-0123456789abcdef");
  EXPECT_EQ(variable("STUDY_CYCLE"), "2");
  EXPECT_EQ(variable("STUDY_ATTEMPT"), "4");
  EXPECT_EQ(variable("STUDY_SEED"), "99");
  EXPECT_EQ(variable("STUDY_RESULTS"), "/out");
}

TEST_F(Resolve, TellsTheContainerItsLimits) {
  study_.pod.main.resources.millicpu = 2500;
  study_.pod.main.resources.memory_bytes = 1 << 30;
  study_.pod.main.resources.devices = {{"nvidia.com/gpu", 2}, {"/dev/dri", 1}};
  study_.pod.main.arguments = {"${resources.cpu} ${resources.memory} ${resources.gpus}"};
  EXPECT_EQ(resolved().main.arguments[0], "3 1073741824 2");
  EXPECT_EQ(variable("STUDY_CPUS"), "3");
  EXPECT_EQ(variable("OMP_NUM_THREADS"), "3");
  EXPECT_EQ(variable("STUDY_MEMORY_BYTES"), "1073741824");
  EXPECT_EQ(variable("STUDY_GPUS"), "2");
}

TEST_F(Resolve, ALimitThatHasGrownIsToldAndGiven) {
  study_.pod.main.resources.memory_bytes = 1000;
  study_.pod.main.arguments = {"${resources.memory}"};
  names_.memory_bytes = 2000;
  const auto pod = resolve(study_, study_.pod, point_, names_);
  ASSERT_TRUE(pod);
  EXPECT_EQ(pod->main.arguments.front(), "2000");
  EXPECT_EQ(pod->main.resources.memory_bytes, 2000);
  study_.pod.main.resources.memory_bytes = 3000;
  EXPECT_EQ(resolve(study_, study_.pod, point_, names_)->main.resources.memory_bytes, 3000)
      << "it was raised meanwhile";
}

TEST_F(Resolve, WithoutLimitsTellsTheContainerWhatTheMachineHas) {
  EXPECT_EQ(variable("STUDY_CPUS"), "16");
  EXPECT_EQ(variable("STUDY_MEMORY_BYTES"), "68719476736");
  EXPECT_EQ(variable("STUDY_GPUS"), "0");
  names_.machine_millicpu = names_.machine_memory_bytes = 0;
  EXPECT_EQ(variable("STUDY_CPUS"), std::nullopt);
  EXPECT_EQ(variable("OMP_NUM_THREADS"), std::nullopt);
}

TEST_F(Resolve, ALongValueOrOneWithALineBreakIsOnlyInTheFile) {
  point_.parameters = {{"long", text(std::string(4097, 'x'))},
                       {"fits", text(std::string(4096, 'x'))},
                       {"lines", text("a\nb")}};
  study_.pod.main.image = "x";
  EXPECT_EQ(variable("STUDY_PARAM_LONG"), std::nullopt);
  EXPECT_EQ(variable("STUDY_PARAM_LINES"), std::nullopt);
  EXPECT_EQ(variable("STUDY_PARAM_FITS")->size(), 4096u);
  EXPECT_NE(resolved().params_json.find(R"("lines":"a\nb")"), std::string::npos);
}

TEST_F(Resolve, AnUnknownNameIsInvalidAndSaysWhere) {
  study_.pod.main.command = {"bench", "${params.bakend}"};
  const Result<ResolvedPod> pod = resolve(study_, study_.pod, point_, names_);
  ASSERT_FALSE(pod);
  EXPECT_EQ(pod.error().code, ErrorCode::Invalid);
  EXPECT_EQ(
      pod.error().message,
      "spec.template.spec.containers[0].command[1]: ${params.bakend}: nothing has this name; did you mean "
      "${params.backend}?");
}

TEST(ParamsJson, KeepsTypesAndNestsDottedNames) {
  const Point point{{{"model", text("a \"b\"")},
                     {"pytorch.batch_size", number("8")},
                     {"pytorch.opt.lr", number("1e-7")},
                     {"fast", {Value::Kind::Boolean, "true"}},
                     {"none", {Value::Kind::Null, "null"}}}};
  EXPECT_EQ(params_json(point),
            R"({"fast":true,"model":"a \"b\"","none":null,"pytorch":{"batch_size":8,"opt":{"lr":1e-7}}})"
            "\n");
  EXPECT_EQ(params_json(Point{}), "{}\n");
}

}  // namespace
}  // namespace studyctl
