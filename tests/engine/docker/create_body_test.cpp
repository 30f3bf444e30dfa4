#include "engine/docker/create_body.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/temporary_directory.h"
#include "engine/docker/command_line.h"

namespace studyctl {
namespace {

using nlohmann::json;

Endpoint docker(int minor = 41) {
  Endpoint endpoint;
  endpoint.address.unix_socket = "/run/x.sock";
  endpoint.api_minor = minor;
  endpoint.server_version = "20.10.24";
  return endpoint;
}

Endpoint podman() {
  Endpoint endpoint = docker();
  endpoint.flavor = EngineFlavor::Podman;
  endpoint.limits = {{"nofile", 1024}, {"nproc", 512}};
  return endpoint;
}

class CreateBody : public ::testing::Test {
 protected:
  CreateBody() {
    spec_.id.text = "studyctl-x-a1";
    spec_.main.image = "acme/x:1";
  }
  ContainerPlan plan(std::vector<Device> devices = {}) {
    return {spec_, spec_.main, {{"k", "v"}}, std::move(devices)};
  }
  json docker_body(std::vector<Device> devices = {}) {
    return json::parse(create_body(plan(std::move(devices)), docker()));
  }
  json libpod_body(std::vector<Device> devices = {}) {
    return json::parse(libpod_create_body(plan(std::move(devices)), podman()));
  }
  AttemptSpec spec_;
};

const Device kGpu{"nvidia.com/gpu", "GPU-a", "nvidia.com/gpu=GPU-a", {}, {}};
const Device kCdi{"acme.com/npu", "7", "acme.com/npu=7", {}, {}};
const Device kAmd{"amd.com/gpu", "renderD128", {}, {"/dev/kfd", "/dev/dri/renderD128"}, {44, 109}};

TEST_F(CreateBody, IsSafeByDefault) {
  const json body = docker_body();
  const json& host = body["HostConfig"];
  EXPECT_EQ(host["SecurityOpt"], json({"no-new-privileges:true"}));
  EXPECT_EQ(host["Privileged"], false);
  EXPECT_EQ(host["AutoRemove"], false);
  EXPECT_EQ(host["RestartPolicy"]["Name"], "no");
  EXPECT_EQ(host["LogConfig"], json({{"Type", "json-file"}, {"Config", json::object()}}));
  EXPECT_FALSE(host.contains("NetworkMode"));
  EXPECT_FALSE(host.contains("DeviceRequests"));
  EXPECT_FALSE(host.contains("Devices"));
  EXPECT_EQ(body["Healthcheck"], json({{"Test", {"NONE"}}}));
  EXPECT_EQ(body["OpenStdin"], false);
  EXPECT_EQ(body["Tty"], false);
}

TEST_F(CreateBody, LeavesToTheImageWhatNobodySaid) {
  const json body = docker_body();
  for (const char* key : {"Entrypoint", "Cmd", "User", "WorkingDir"}) EXPECT_FALSE(body.contains(key)) << key;
}

TEST_F(CreateBody, TakesCommandAndArgumentsAsKubernetesDoes) {
  spec_.main.command = {"run"};
  spec_.main.arguments = {"a", "b"};
  EXPECT_EQ(docker_body()["Entrypoint"], json({"run"}));
  EXPECT_EQ(docker_body()["Cmd"], json({"a", "b"}));
  EXPECT_EQ(libpod_body()["entrypoint"], json({"run"}));
  EXPECT_EQ(libpod_body()["command"], json({"a", "b"}));
}

TEST_F(CreateBody, LimitsSwapWithMemory) {
  spec_.main.resources.memory_bytes = 1 << 30;
  spec_.main.resources.millicpu = 1500;
  spec_.main.resources.pids = 9;
  spec_.cpus = {0, 2};
  const json host = docker_body()["HostConfig"];
  EXPECT_EQ(host["Memory"], 1 << 30);
  EXPECT_EQ(host["MemorySwap"], 1 << 30);
  EXPECT_EQ(host["NanoCpus"], 1500000000);
  EXPECT_EQ(host["PidsLimit"], 9);
  EXPECT_EQ(host["CpusetCpus"], "0,2");
  const json limits = libpod_body()["resource_limits"];
  EXPECT_EQ(limits["memory"], json({{"limit", 1 << 30}, {"swap", 1 << 30}}));
  EXPECT_EQ(limits["cpu"], json({{"quota", 150000}, {"period", 100000}, {"cpus", "0,2"}}));
  EXPECT_EQ(limits["pids"], json({{"limit", 9}}));
}

TEST_F(CreateBody, MapsEachKindOfMount) {
  spec_.main.mounts = {{Mount::Kind::Bind, "/srv", "/data", true, {}},
                       {Mount::Kind::Volume, "cache", "/cache", false, {}},
                       {Mount::Kind::Memory, {}, "/dev/shm", false, 4096},
                       {Mount::Kind::Memory, {}, "/fast", false, 8192}};
  const json host = docker_body()["HostConfig"];
  ASSERT_EQ(host["Mounts"].size(), 2u);
  EXPECT_EQ(host["Mounts"][0]["Type"], "bind");
  EXPECT_EQ(host["Mounts"][0]["ReadOnly"], true);
  EXPECT_EQ(host["Mounts"][1]["Type"], "volume");
  EXPECT_EQ(host["ShmSize"], 4096);
  EXPECT_EQ(host["Tmpfs"], json({{"/fast", "rw,exec,nosuid,nodev,mode=1777,size=8192"}}));
  const json body = libpod_body();
  EXPECT_EQ(body["shm_size"], 4096);
  EXPECT_EQ(body["mounts"][0]["options"], json({"ro", "rprivate", "rbind"}));
  EXPECT_EQ(body["mounts"][1]["type"], "tmpfs");
  EXPECT_EQ(body["volumes"][0], json({{"Name", "cache"}, {"Dest", "/cache"}, {"Options", {"rw"}}}));
}

TEST_F(CreateBody, GivesPrivilegesOnlyWhenToldTo) {
  spec_.main.security.allow_privilege_escalation = true;
  EXPECT_FALSE(docker_body()["HostConfig"].contains("SecurityOpt"));
  EXPECT_EQ(libpod_body()["no_new_privileges"], false);
  spec_.main.security = {};
  EXPECT_EQ(libpod_body()["no_new_privileges"], true);
  spec_.main.security.add_capabilities = {"SYS_NICE"};
  spec_.main.security.drop_capabilities = {"ALL"};
  spec_.main.security.run_as_user = 7;
  spec_.main.security.run_as_group = 8;
  spec_.host_network = true;
  const json body = docker_body();
  EXPECT_EQ(body["User"], "7:8");
  EXPECT_EQ(body["HostConfig"]["CapAdd"], json({"SYS_NICE"}));
  EXPECT_EQ(body["HostConfig"]["CapDrop"], json({"ALL"}));
  EXPECT_EQ(body["HostConfig"]["NetworkMode"], "host");
  EXPECT_EQ(libpod_body()["netns"], json({{"nsmode", "host"}}));
}

TEST_F(CreateBody, NamesGpusAndNeverCountsThem) {
  const json request = docker_body({kGpu})["HostConfig"]["DeviceRequests"];
  EXPECT_EQ(
      request,
      json::parse(
          R"([{"Driver":"nvidia","DeviceIDs":["GPU-a"],"Capabilities":[["gpu","compute","utility"]]}])"));
  EXPECT_EQ(docker_body({kCdi})["HostConfig"]["DeviceRequests"],
            json::parse(R"([{"Driver":"cdi","DeviceIDs":["acme.com/npu=7"]}])"));
}

TEST_F(CreateBody, HandsOverNodesWithTheirGroupsAsNumbers) {
  const json host = docker_body({kAmd})["HostConfig"];
  ASSERT_EQ(host["Devices"].size(), 2u);
  EXPECT_EQ(host["Devices"][0]["PathOnHost"], "/dev/kfd");
  EXPECT_EQ(host["GroupAdd"], json({"109", "44"}));
  EXPECT_FALSE(host.contains("DeviceRequests"));
}

TEST_F(CreateBody, GivesPodmanCdiDevicesByItsOwnCall) {
  EXPECT_TRUE(needs_libpod({kGpu}));
  EXPECT_FALSE(needs_libpod({kAmd}));
  EXPECT_EQ(
      libpod_body({kGpu, kAmd})["devices"],
      json::parse(R"([{"path":"nvidia.com/gpu=GPU-a"},{"path":"/dev/kfd"},{"path":"/dev/dri/renderD128"}])"));
}

TEST_F(CreateBody, GivesPodmanBothLimitsOrNone) {
  EXPECT_EQ(json::parse(create_body(plan(), podman()))["HostConfig"]["Ulimits"].size(), 2u);
  EXPECT_FALSE(docker_body()["HostConfig"].contains("Ulimits"));
  EXPECT_EQ(
      libpod_body()["r_limits"],
      json::parse(R"([{"type":"nofile","soft":1024,"hard":1024},{"type":"nproc","soft":512,"hard":512}])"));
}

TEST_F(CreateBody, LetsNoVariableReachForGpus) {
  spec_.main.environment = {
      {"A", "1"}, {"NVIDIA_VISIBLE_DEVICES", "all"}, {"NVIDIA_DRIVER_CAPABILITIES", "all"}};
  EXPECT_EQ(docker_body()["Env"], json({"A=1", "NVIDIA_DRIVER_CAPABILITIES=all"}));
  EXPECT_EQ(docker_body({kGpu})["Env"], json({"A=1"}));
  EXPECT_EQ(libpod_body({kGpu})["env"], json({{"A", "1"}}));
}

TEST_F(CreateBody, SurvivesBytesThatAreNoText) {
  spec_.main.environment = {{"A", "\xff\xfe"}};
  EXPECT_NO_THROW(docker_body());
  EXPECT_NO_THROW(libpod_body());
}

TEST(CheckContainer, NamesABindSourceThatIsNotThere) {
  ContainerSpec container;
  container.mounts = {{Mount::Kind::Bind, "/nowhere/data", "/data", false, {}}};
  const auto checked = check_container(container, docker());
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("/nowhere/data"), std::string::npos);
  Endpoint remote = docker();
  remote.address.unix_socket.clear();
  EXPECT_TRUE(check_container(container, remote));
}

TEST_F(CreateBody, NamesDirectoriesAsTheEnginesMachineDoes) {
  spec_.main.mounts = {{Mount::Kind::Bind, "/results/x", "/data", false, {}},
                       {Mount::Kind::Volume, "/results/x", "/cache", false, {}}};
  Endpoint endpoint = docker();
  endpoint.paths = HostPaths(std::vector<SeenMount>{{"/results", "/srv/results"}});
  EXPECT_EQ(json::parse(create_body(plan(), endpoint))["HostConfig"]["Mounts"][0]["Source"],
            "/srv/results/x");
  EXPECT_EQ(json::parse(create_body(plan(), endpoint))["HostConfig"]["Mounts"][1]["Source"], "/results/x");
  EXPECT_EQ(json::parse(libpod_create_body(plan(), endpoint))["mounts"][0]["source"], "/srv/results/x");
  EXPECT_NE(command_line(spec_, endpoint).find("source=/srv/results/x,"), std::string::npos);
}

TEST(CheckContainer, RefusesWhatLiesInTheControllersContainerAlone) {
  ContainerSpec container;
  container.mounts = {{Mount::Kind::Bind, "/usr", "/data", true, {}}};
  Endpoint endpoint = docker();
  EXPECT_TRUE(check_container(container, endpoint));
  endpoint.paths = HostPaths(std::vector<SeenMount>{{"/results", "/srv/results"}});
  const auto checked = check_container(container, endpoint);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("/usr lies in the controller's own container"), std::string::npos);
}

TEST(CheckContainer, RefusesAGroupWithoutAUser) {
  ContainerSpec container;
  container.security.run_as_group = 5;
  EXPECT_FALSE(check_container(container, docker()));
}

TEST(CheckDevices, SaysWhatAnEngineCannotHandOver) {
  EXPECT_TRUE(check_devices({kGpu, kAmd}, docker()));
  EXPECT_FALSE(check_devices({kCdi}, docker()));
  EXPECT_TRUE(check_devices({kCdi}, docker(44)));
  EXPECT_TRUE(check_devices({kGpu, kCdi}, podman()));
  const auto checked = check_devices({{"nvidia.com/gpu", "0", {}, {}, {}}}, podman());
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("nvidia-ctk cdi generate"), std::string::npos);
}

TEST_F(CreateBody, AsACommandLineHasNoSecret) {
  spec_.main.command = {"bench", "--model"};
  spec_.main.arguments = {"it's big"};
  spec_.main.environment = {{"HF_TOKEN", "hunter2"}, {"STUDY_PARAM_I", "a b"}};
  spec_.main.secret_variables = {"HF_TOKEN"};
  spec_.main.resources.millicpu = 1500;
  spec_.main.resources.memory_bytes = 1024;
  spec_.main.mounts = {{Mount::Kind::Bind, "/srv", "/data", true, {}}};
  spec_.devices = {{"nvidia.com/gpu", 1}};
  EXPECT_EQ(command_line(spec_, docker()),
            "docker run --rm --cpus 1.5 --memory 1024 --memory-swap 1024 --security-opt no-new-privileges "
            "--mount type=bind,source=/srv,target=/data,readonly --gpus 1 --env HF_TOKEN "
            "--env 'STUDY_PARAM_I=a b' --entrypoint bench acme/x:1 "
            "--model 'it'\\''s big'\n");
  EXPECT_TRUE(command_line(spec_, podman()).starts_with("podman run --rm"));
}

}  // namespace
}  // namespace studyctl
