#include "engine/docker/docker_engine.h"

#include <gtest/gtest.h>

#include "engine/docker/wire_engine.h"

// Faults that a real engine does not produce on demand.
namespace studyctl {
namespace {

using Phase = Observation::Phase;
constexpr char kStart[] = "POST /*/containers/c1/start";

TEST(DockerEngineWire, NeedsFiveCallsForAnAttempt) {
  WireEngine wire;
  ASSERT_TRUE(wire.done());
  EXPECT_EQ(wire.out(), "hello\n");
  wire.engine->forget({"a1"});
  ASSERT_TRUE(wire.until(Phase::Gone));
  EXPECT_EQ(wire.server.count("* /v1.41/containers/*"), 5);
  EXPECT_EQ(wire.server.count("* *wait*"), 0);
}

TEST(DockerEngineWire, SpeaksTheVersionThatWasNegotiated) {
  WireEngine wire;
  wire.endpoint.api_minor = 44;
  wire.begin();
  ASSERT_TRUE(wire.made());
  EXPECT_EQ(wire.server.count("POST /v1.44/containers/create?name=a1"), 1);
}

// ---- create ----

TEST(DockerEngineWire, FindsTheContainerWhenTheAnswerToCreateIsLost) {
  WireEngine wire;
  wire.is_created();
  wire.server.on("POST /*/containers/create*", Script().answer(409, R"({"message":"already in use"})"));
  wire.server.once("POST /*/containers/create*", Script().close());
  ASSERT_TRUE(wire.made());
  EXPECT_EQ(wire.seen.back().container, "c1");
}

TEST(DockerEngineWire, CreatesAgainWhenTheLostCallMadeNothing) {
  WireEngine wire;
  wire.is_gone();
  wire.server.once("POST /*/containers/create*", Script().close());
  ASSERT_TRUE(wire.made());
  EXPECT_EQ(wire.server.count("POST /*/containers/create*"), 2);
}

TEST(DockerEngineWire, AdoptsByNameWhatPodmanCallsAServerError) {
  WireEngine wire(EngineFlavor::Podman);
  wire.is_created();
  wire.server.on(
      "POST /*/containers/create*",
      Script().answer(500, R"({"cause":"that name is already in use","message":"x","response":500})"));
  EXPECT_TRUE(wire.made());
}

// Seen with Podman 4.3, killed in the middle of a create.
TEST(DockerEngineWire, RemovesWhatHoldsItsNameAndIsKnownToNobody) {
  WireEngine wire(EngineFlavor::Podman);
  wire.is_gone();
  wire.server.once(
      "POST /*/containers/create*",
      Script().answer(500, R"({"cause":"that name is already in use","message":"x","response":500})"));
  ASSERT_TRUE(wire.made());
  EXPECT_EQ(wire.server.count("DELETE /*/containers/a1?v=true&force=true"), 1);
  EXPECT_EQ(wire.server.count("POST /*/containers/create*"), 2);
}

TEST(DockerEngineWire, PullsAnImageThatVanishedAfterItWasSeen) {
  WireEngine wire;
  wire.server.once("POST /*/containers/create*",
                   Script().answer(404, R"({"message":"No such image: acme/x:1"})"));
  ASSERT_TRUE(wire.made());
  EXPECT_EQ(wire.server.count("GET /*/images/acme%2Fx%3A1/json"), 2);
  EXPECT_EQ(wire.server.count("POST /*/containers/create*"), 2);
}

TEST(DockerEngineWire, RefusesWithTheEnginesOwnWords) {
  WireEngine wire;
  wire.server.on("POST /*/containers/create*",
                 Script().answer(400, R"({"message":"Minimum memory limit allowed is 6MB"})"));
  wire.engine->create(wire.spec());
  ASSERT_TRUE(wire.until(Phase::Refused));
  EXPECT_EQ(wire.seen.back().reason, Reason::CreateError);
  EXPECT_EQ(wire.seen.back().message, "Minimum memory limit allowed is 6MB");
}

TEST(DockerEngineWire, WaitsForACreateThatIsUnderWayBeforeItIsCancelled) {
  WireEngine wire;
  wire.server.on("POST /*/containers/create*", Script().stall("go").answer(201, R"({"Id":"c1"})"));
  wire.engine->create(wire.spec());
  ASSERT_TRUE(run_until(wire.loop, [&] { return wire.server.count("POST /*/containers/create*") == 1; }));
  wire.engine->stop({"a1"}, Duration(0));
  for (int i = 0; i < 5; ++i) wire.loop.run_once(Duration(5));
  EXPECT_TRUE(wire.seen.empty());
  wire.server.open("go");
  ASSERT_TRUE(wire.until(Phase::Refused));
  EXPECT_EQ(wire.seen.back().reason, Reason::Cancelled);
}

// ---- pulls ----

TEST(DockerEngineWire, PullsOnceForAllThatWait) {
  WireEngine wire;
  wire.server.once("GET /*/images/*/json", Script().answer(404, R"({"message":"No such image"})"));
  wire.server.on("POST /*/images/create*",
                 Script()
                     .begin_stream()
                     .chunk("{\"status\":\"Downloading\",\"id\":\"l1\",\"progressDetail\":"
                            "{\"current\":1048576,\"total\":2097152}}\n")
                     .stall("go")
                     .end_stream());
  AttemptSpec second = wire.spec();
  second.id.text = "a2";
  wire.engine->create(wire.spec());
  wire.engine->create(second);
  ASSERT_TRUE(run_until(wire.loop, [&] {
    return !wire.seen.empty() && wire.seen.back().message.find("1.0 MiB of 2.0 MiB") != std::string::npos;
  }));
  EXPECT_EQ(wire.seen.back().phase, Phase::Preparing);
  wire.server.open("go");
  ASSERT_TRUE(run_until(wire.loop, [&] {
    return std::count_if(wire.seen.begin(), wire.seen.end(),
                         [](const Observation& seen) { return seen.phase == Phase::Created; }) == 2;
  }));
  EXPECT_EQ(wire.server.count("POST /*/images/create?fromImage=acme%2Fx&tag=1"), 1);
}

TEST(DockerEngineWire, BelievesNoPullThatReportsAnErrorInItsStream) {
  WireEngine wire(EngineFlavor::Podman);
  wire.server.on("GET /*/images/*/json", Script().answer(404, R"({"cause":"image not known"})"));
  wire.server.on("POST /*/images/create*",
                 Script()
                     .begin_stream()
                     .chunk("{\"errorDetail\":{\"message\":\"denied: log in\"},\"error\":\"x\"}\n")
                     .end_stream());
  wire.engine->create(wire.spec());
  ASSERT_TRUE(wire.until(Phase::Refused));
  EXPECT_EQ(wire.seen.back().reason, Reason::ImagePull);
  EXPECT_EQ(wire.seen.back().message, "cannot pull image acme/x:1: denied: log in");
}

TEST(DockerEngineWire, EndsAPullThatNobodyWaitsFor) {
  WireEngine wire;
  wire.server.on("GET /*/images/*/json", Script().answer(404));
  wire.server.on("POST /*/images/create*", Script().begin_stream().stall());
  wire.engine->create(wire.spec());
  ASSERT_TRUE(wire.until(Phase::Preparing));
  wire.engine->stop({"a1"}, Duration(0));
  ASSERT_TRUE(wire.until(Phase::Refused));
  EXPECT_EQ(wire.seen.back().reason, Reason::Cancelled);
}

// ---- start ----

TEST(DockerEngineWire, AdoptsWhatRunsAfterTheAnswerToStartIsLost) {
  WireEngine wire;
  ASSERT_TRUE(wire.made());
  wire.server.on(kStart, Script().close());
  wire.engine->start({"a1"});
  ASSERT_TRUE(wire.until(Phase::Exited));
  EXPECT_EQ(wire.server.count(kStart), 1);
}

TEST(DockerEngineWire, RemovesWithoutForceWhatMayOrMayNotHaveBeenStarted) {
  WireEngine wire;
  ASSERT_TRUE(wire.made());
  wire.is_created();
  wire.server.on(kStart, Script().close());
  wire.engine->start({"a1"});
  ASSERT_TRUE(wire.until(Phase::Missing));
  EXPECT_EQ(wire.seen.back().reason, Reason::Interrupted);
  EXPECT_EQ(wire.server.count("DELETE /*/containers/c1?v=true"), 1);
  EXPECT_EQ(wire.server.count("DELETE *force*"), 0);
  EXPECT_EQ(wire.server.count(kStart), 1);
}

TEST(DockerEngineWire, AdoptsWhatProvesToRunWhenItIsToBeRemoved) {
  WireEngine wire(EngineFlavor::Podman);
  ASSERT_TRUE(wire.made());
  wire.server.on(kStart, Script().close());
  wire.server.once("GET /*/containers/*/json",
                   Script().answer(200, WireEngine::state(R"({"Status":"created"})")));
  wire.server.on("DELETE /*",
                 Script().answer(500, R"({"cause":"container state improper","message":"it runs"})"));
  wire.engine->start({"a1"});
  ASSERT_TRUE(wire.until(Phase::Exited));
  EXPECT_EQ(wire.server.count(kStart), 1);
}

TEST(DockerEngineWire, KeepsPodmansWordsOnAFailedStart) {
  WireEngine wire(EngineFlavor::Podman);
  ASSERT_TRUE(wire.made());
  wire.is_created();
  wire.server.on(kStart,
                 Script().answer(500, R"({"cause":"x","message":"crun: executable file `nope` not found"})"));
  wire.engine->start({"a1"});
  ASSERT_TRUE(wire.until(Phase::Refused));
  EXPECT_EQ(wire.seen.back().reason, Reason::CreateError);
  EXPECT_EQ(wire.seen.back().message, "crun: executable file `nope` not found");
  EXPECT_EQ(wire.server.count(kStart), 1);
}

TEST(DockerEngineWire, StartsNothingTwiceHoweverOftenItIsAsked) {
  WireEngine wire;
  ASSERT_TRUE(wire.done());
  wire.engine->start({"a1"});
  ASSERT_TRUE(wire.until(Phase::Exited));
  EXPECT_EQ(wire.server.count(kStart), 1);
}

// ---- ends ----

TEST(DockerEngineWire, SeesAnEndByAnEventAndBelievesInspect) {
  WireEngine wire;
  wire.is_running();
  wire.server.on("GET /*/events*", Script()
                                       .begin_stream()
                                       .stall("die")
                                       .chunk("{\"Action\":\"die\",\"Actor\":{\"ID\":\"c1\",\"Attributes\":{"
                                              "\"name\":\"a1\",\"exitCode\":\"0\"}},\"timeNano\":5}\n")
                                       .stall());
  wire.begin();
  ASSERT_TRUE(wire.made());
  wire.engine->start({"a1"});
  ASSERT_TRUE(wire.until(Phase::Running));
  wire.ends_with(4);
  wire.server.open("die");
  ASSERT_TRUE(wire.until(Phase::Exited));
  EXPECT_EQ(wire.seen.back().exit_code, 4);
}

// Its process is gone, the engine does not know it yet, and no event comes.
TEST(DockerEngineWire, LooksAgainWhenTheProcessIsGoneBeforeItCouldBeWatched) {
  WireEngine wire;
  const std::string running =
      R"({"Status":"running","Running":true,"Pid":99999999,"StartedAt":"2026-11-22T00:00:01Z"})";
  for (int i = 0; i < 3; ++i) {
    wire.server.once("GET /*/containers/c1/json", Script().answer(200, WireEngine::state(running)));
  }
  ASSERT_TRUE(wire.done());
  EXPECT_EQ(wire.server.count("GET /*/containers/c1/json"), 4);
}

TEST(DockerEngineWire, LooksAtEverythingOnceTheEventsAreBack) {
  WireEngine wire;
  wire.is_running();
  wire.server.on("GET /*/events*", Script().begin_stream().stall("cut").close());
  wire.begin();
  ASSERT_TRUE(wire.made());
  wire.engine->start({"a1"});
  ASSERT_TRUE(wire.until(Phase::Running));
  wire.ends_with(4);
  wire.server.on("GET /*/events*", Script().begin_stream().stall());
  wire.server.open("cut");
  EXPECT_TRUE(wire.until(Phase::Exited));
}

// Engines drop events: Docker keeps 256, and fewer for slow readers.
TEST(DockerEngineWire, AListingTellsOfAnEndThatNoEventTold) {
  WireEngine wire;
  wire.is_running();
  wire.list_every = Duration(50);
  wire.begin();
  ASSERT_TRUE(wire.made());
  wire.engine->start({"a1"});
  wire.server.on("GET /*/containers/json*",
                 Script().answer(200, R"([{"Id":"c1","Names":["/a1"],"State":"running"}])"));
  const std::string inspected = "GET /*/containers/c1/json";
  ASSERT_TRUE(run_until(wire.loop, [&] { return wire.server.count(inspected) > 0; }));
  wire.ends_with(4);
  wire.server.on("GET /*/containers/json*",
                 Script().answer(200, R"([{"Id":"c1","Names":["/a1"],"State":"exited"}])"));
  ASSERT_TRUE(wire.until(Phase::Exited));
  EXPECT_EQ(wire.seen.back().exit_code, 4);
}

// A start call makes an engine run an exited container once more.
TEST(DockerEngineWire, StartsNothingThatHasRunAlready) {
  WireEngine wire;
  wire.server.on("POST /*/containers/create*", Script().answer(409, R"({"message":"already in use"})"));
  wire.ends_with(7);
  wire.engine->create(wire.spec());
  ASSERT_TRUE(wire.until(Phase::Exited));
  wire.engine->start({"a1"});
  ASSERT_TRUE(wire.until(Phase::Exited));
  EXPECT_EQ(wire.seen.back().exit_code, 7);
  EXPECT_EQ(wire.server.count(kStart), 0);
}

TEST(DockerEngineWire, ReadsALogAgainFromItsBeginningWhenItsStreamBroke) {
  WireEngine wire;
  wire.is_running();
  const std::string first = WireEngine::frame(1, "one\n"), rest = WireEngine::frame(1, "two\n");
  wire.server.once("GET /*/logs*follow=1",
                   Script().begin_stream().chunk(first).chunk(rest.substr(0, 9)).close());
  wire.server.on("GET /*/logs*", Script().answer(200, first + rest + WireEngine::frame(2, "err\n")));
  ASSERT_TRUE(wire.made());
  wire.engine->start({"a1"});
  ASSERT_TRUE(run_until(wire.loop, [&] { return wire.out() == "one\nt"; })) << wire.out();
  wire.ends_with(0);
  wire.server.stop();
  wire.server.start();
  ASSERT_TRUE(wire.until(Phase::Exited));
  EXPECT_EQ(wire.out(), "one\ntwo\n");
}

TEST(DockerEngineWire, BelievesNoStreamThatEndedWellBeforeItsContainer) {
  WireEngine wire;
  wire.is_running();
  const std::string first = WireEngine::frame(1, "one\n"), rest = WireEngine::frame(1, "two\n");
  wire.server.on("GET /*/logs*", Script().answer(200, first + rest));
  wire.server.on("GET /*/logs*follow=1", Script().begin_stream().chunk(first).end_stream());
  ASSERT_TRUE(wire.made());
  wire.engine->start({"a1"});
  ASSERT_TRUE(run_until(wire.loop, [&] { return wire.out() == "one\n"; }));
  wire.ends_with(0);
  wire.server.stop();
  wire.server.start();
  ASSERT_TRUE(wire.until(Phase::Exited));
  EXPECT_EQ(wire.out(), "one\ntwo\n");
}

TEST(DockerEngineWire, SaysWhenALogIsLost) {
  WireEngine wire;
  wire.server.on("GET /*/logs*",
                 Script().answer(501, R"({"message":"configured logging driver does not support reading"})"));
  ASSERT_TRUE(wire.done());
  EXPECT_EQ(wire.seen.back().warnings, std::vector<std::string>{"the engine has lost its log"});
}

TEST(DockerEngineWire, ALogThatTheEngineCannotGiveNowIsNotLost) {
  WireEngine wire;
  wire.server.on("GET /*/logs*", Script().answer(200, WireEngine::frame(1, "all\n")));
  for (int i = 0; i < 3; ++i)
    wire.server.once("GET /*/logs*", Script().answer(500, R"({"message":"too many open files"})"));
  ASSERT_TRUE(wire.done());
  EXPECT_EQ(wire.seen.back().warnings, std::vector<std::string>{});
  EXPECT_EQ(wire.out(), "all\n");
}

TEST(DockerEngineWire, TakesNoForgottenRunForASuccess) {
  WireEngine wire;
  wire.is_running();
  ASSERT_TRUE(wire.made());
  wire.engine->start({"a1"});
  ASSERT_TRUE(wire.until(Phase::Running));
  wire.is_created();
  ASSERT_TRUE(wire.until(Phase::Missing));
  EXPECT_EQ(wire.seen.back().reason, Reason::Interrupted);
}

TEST(DockerEngineWire, MissesWhatTheEngineNoLongerKnows) {
  WireEngine wire;
  wire.is_gone();
  ASSERT_TRUE(wire.made());
  wire.engine->start({"a1"});
  ASSERT_TRUE(wire.until(Phase::Missing));
  EXPECT_EQ(wire.seen.back().reason, Reason::Lost);
}

// Podman's compatible API ignores a device request without a word.
TEST(DockerEngineWire, BelievesNoRunWithoutItsDevices) {
  WireEngine wire;
  const std::string labels = R"({"studyctl.io/attempt":"1","studyctl.io/devices":"nvidia.com/gpu=GPU-a"})";
  wire.server.on(
      "GET /*/containers/a1/json",
      Script().answer(
          200, R"({"Id":"c1","Config":{"Labels":)" + labels +
                   R"(},"State":{"Status":"exited","ExitCode":0,"StartedAt":"2026-11-22T00:00:01Z"}})"));
  wire.server.on("POST /*/containers/create*", Script().answer(409, R"({"message":"already in use"})"));
  wire.engine->create(wire.spec());
  ASSERT_TRUE(wire.until(Phase::Exited));
  EXPECT_EQ(wire.seen.back().reason, Reason::GpuLost);
  EXPECT_EQ(wire.seen.back().message, "device nvidia.com/gpu=GPU-a was not in the container");
}

// ---- forget ----

TEST(DockerEngineWire, WaitsForARemovalThatIsUnderWay) {
  WireEngine wire;
  ASSERT_TRUE(wire.done());
  wire.server.once("DELETE /*",
                   Script().answer(409, R"({"message":"removal of container c1 is already in progress"})"));
  wire.server.on("DELETE /*", Script().answer(404, R"({"message":"No such container"})"));
  wire.engine->forget({"a1"});
  ASSERT_TRUE(wire.until(Phase::Gone));
  EXPECT_EQ(wire.server.count("DELETE /*/containers/c1?v=true&force=true"), 2);
}

TEST(DockerEngineWire, ForgetsWhatItNeverKnew) {
  WireEngine wire;
  wire.engine->forget({"a9"});
  ASSERT_TRUE(wire.until(Phase::Gone));
  EXPECT_EQ(wire.server.count("DELETE /*/containers/c1?v=true&force=true"), 1);
}

TEST(DockerEngineWire, RemovesNothingOfTheSameNameThatIsNotOurs) {
  WireEngine wire;
  wire.server.on("GET /*/containers/a1/json",
                 Script().answer(200, R"({"Id":"theirs","State":{"Status":"created"}})"));
  wire.server.on("POST /*/containers/create*", Script().answer(409, R"({"message":"already in use"})"));
  wire.engine->create(wire.spec());
  ASSERT_TRUE(wire.until(Phase::Refused));
  wire.engine->forget({"a1"});
  ASSERT_TRUE(wire.until(Phase::Gone));
  EXPECT_EQ(wire.server.count("DELETE *"), 0);
}

// ---- outages ----

TEST(DockerEngineWire, StartsOnceTheEngineIsBackWhatItNeverHeardOf) {
  WireEngine wire;
  ASSERT_TRUE(wire.made());
  wire.server.stop();
  wire.engine->start({"a1"});
  for (int i = 0; i < 10; ++i) wire.loop.run_once(Duration(20));
  wire.server.start();
  ASSERT_TRUE(wire.until(Phase::Exited));
  EXPECT_EQ(wire.server.count(kStart), 1);
}

TEST(DockerEngineWire, AStartThatWaitsForAnAbsentEngineCanBeCancelled) {
  WireEngine wire;
  ASSERT_TRUE(wire.made());
  wire.server.stop();
  wire.engine->start({"a1"});
  for (int i = 0; i < 10; ++i) wire.loop.run_once(Duration(20));
  wire.engine->stop({"a1"}, Duration(1000));
  ASSERT_TRUE(wire.until(Phase::Refused));
  EXPECT_EQ(wire.seen.back().reason, Reason::Cancelled);
  wire.server.start();
  wire.engine->forget({"a1"});
  ASSERT_TRUE(wire.until(Phase::Gone));
  EXPECT_EQ(wire.server.count(kStart), 0);
}

TEST(DockerEngineWire, AsksAgainUntilTheEngineIsBack) {
  WireEngine wire;
  wire.server.stop();
  wire.engine->create(wire.spec());
  for (int i = 0; i < 10; ++i) wire.loop.run_once(Duration(20));
  EXPECT_TRUE(wire.seen.empty());
  wire.server.start();
  EXPECT_TRUE(wire.until(Phase::Created));
}

TEST(DockerEngineWire, TellsNothingFromWithinACall) {
  WireEngine wire;
  ASSERT_TRUE(wire.made());
  const size_t told = wire.seen.size();
  wire.engine->stop({"a1"}, Duration(0));
  wire.engine->start({"a2"});
  EXPECT_EQ(wire.seen.size(), told);
  EXPECT_TRUE(run_until(wire.loop, [&] { return wire.seen.size() == told + 2; }));
}

TEST(DockerEngineWire, RemovesStrangersOfItsVolumeAlone) {
  WireEngine wire;
  wire.server.on("GET /*/containers/json*",
                 Script().answer(200, R"([{"Id":"s1","Names":["/other-i0"],"State":"exited"}])"));
  bool done = false;
  wire.engine->resync({}, [&](const Result<void>& result) { done = bool(result); });
  ASSERT_TRUE(
      run_until(wire.loop, [&] { return done && wire.server.count("DELETE /*/containers/s1*") == 1; }));
  EXPECT_EQ(
      wire.server.count(
          "GET "
          "/*/containers/json?all=1&filters=%7B%22label%22%3A%5B%22studyctl.io%2Fvolume%3Dvolume-1%22%5D%7D"),
      1);
}

}  // namespace
}  // namespace studyctl
