#include "carry/depot.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/hash.h"
#include "carry/pack.h"
#include "carry/pass.h"
#include "carry/unpack.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

class DepotTest : public testing::Test {
 protected:
  DepotTest() {
    char pattern[] = "/tmp/studyctl-carry.XXXXXX";
    root = mkdtemp(pattern);
    write("attempt-1.partial/stdout.log", "said");
    write("attempt-1.partial/study/params.json", "{}");
    write("attempt-1.partial/termination-message", "");
    write("checkpoint/step", "1");
    chmod((root / "attempt-1.partial/study/params.json").c_str(), 0444);
    plan.run = "r";
    plan.places = {{root / "attempt-1.partial", true, true},
                   {root / "attempt-1.partial/study", false, false},
                   {root / "attempt-1.partial/termination-message", true, false},
                   {root / "checkpoint", true, false}};
    EXPECT_TRUE(depot().open(plan));
  }
  ~DepotTest() override { fs::remove_all(root); }

  Depot depot() const { return *Depot::of(root / "depots", "an-attempt-a1"); }
  void write(const fs::path& path, const std::string& content) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << content;
  }
  std::string read(const fs::path& path) const { return *read_file(root / path); }

  // As the pod's container does it, from directories of its own.
  Result<void> send(const fs::path& pod, const std::vector<std::string>& places) const {
    std::vector<PackedPlace> packed;
    for (const std::string& place : places)
      packed.push_back({place, root / pod / place, false, std::nullopt});
    Packer packer(std::move(packed));
    uint64_t sent = 0;
    for (std::string piece = *packer.next(700); !piece.empty(); piece = *packer.next(700)) {
      if (auto taken = depot().take(sent, piece); !taken) return taken;
      sent += piece.size();
    }
    return depot().take_whole({packer.size(), packer.sha256(), packer.left_out()});
  }
  Result<void> send_archive(const std::string& archive) const {
    if (auto taken = depot().take(0, archive); !taken) return taken;
    return depot().take_whole({archive.size(), sha256_hex(archive), {}});
  }

  fs::path root;
  CarryPlan plan;
};

TEST_F(DepotTest, TakesTheInputsThereAndWhatWasLeftHome) {
  std::string archive;
  while (true) {
    const auto piece = depot().inputs(archive.size(), 1000);
    ASSERT_TRUE(piece) << piece.error().message;
    if (piece->bytes.empty()) break;
    archive += piece->bytes;
    EXPECT_LE(archive.size(), piece->size);
  }
  write("in.tar", archive);
  fs::create_directories(root / "pod");
  const Fd file(open((root / "in.tar").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(unpack(file.get(), root / "pod", [](const std::string&) { return true; }));
  EXPECT_TRUE(fs::is_empty(root / "pod/0")) << "what the controller writes beside results is not the pod's";
  EXPECT_EQ(read("pod/1/params.json"), "{}");
  EXPECT_EQ(read("pod/3/step"), "1");
  struct stat about {};
  ASSERT_EQ(stat((root / "pod/0").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0777U) << "main runs as whom its image says";

  write("pod/0/out.json", "{\"i\": 1}");
  write("pod/0/deep/er/log", std::string(5000, 'x'));
  fs::create_symlink("deep/er/log", root / "pod/0/newest");
  write("pod/2", "done");
  write("pod/3/step", "2");
  EXPECT_FALSE(depot().arrival().is_whole);
  ASSERT_TRUE(send("pod", {"0", "2", "3"}));
  EXPECT_TRUE(depot().arrival().is_whole);
  EXPECT_FALSE(fs::exists(root / "attempt-1.partial/out.json")) << "it waits for the attempt's end";
  const auto home = depot().bring_home();
  ASSERT_TRUE(home) << home.error().message;
  EXPECT_TRUE(home->empty());
  EXPECT_EQ(read("attempt-1.partial/out.json"), "{\"i\": 1}");
  EXPECT_EQ(read("attempt-1.partial/deep/er/log").size(), 5000U);
  EXPECT_EQ(fs::read_symlink(root / "attempt-1.partial/newest"), "deep/er/log");
  EXPECT_EQ(read("attempt-1.partial/termination-message"), "done");
  EXPECT_EQ(read("attempt-1.partial/stdout.log"), "said");
  EXPECT_EQ(read("attempt-1.partial/study/params.json"), "{}");
  EXPECT_EQ(read("checkpoint/step"), "2");
}

TEST_F(DepotTest, EveryStepMayBeDoneAgain) {
  write("pod/0/out.json", "1");
  ASSERT_TRUE(send("pod", {"0"}));
  ASSERT_TRUE(send("pod", {"0"})) << "its answer was lost";
  ASSERT_TRUE(depot().bring_home());
  ASSERT_TRUE(send("pod", {"0"}));
  ASSERT_TRUE(depot().open(plan));
  ASSERT_TRUE(depot().bring_home());
  EXPECT_EQ(read("attempt-1.partial/out.json"), "1");
  depot().close();
  EXPECT_EQ(depot().plan().error().code, ErrorCode::NotFound);
  EXPECT_EQ(depot().take(0, "x").error().code, ErrorCode::NotFound);
}

// bring_home() renames one by one: whoever follows a controller that died in between finds the rest.
TEST_F(DepotTest, GoesOnWhereAControllerDiedWhileItPutThingsInTheirPlaces) {
  for (const char* name : {"a", "b", "c"}) write(fs::path("pod/0") / name, name);
  write("pod/3/step", "2");
  ASSERT_TRUE(send("pod", {"0", "3"}));
  const fs::path arrived = root / "depots/an-attempt-a1/out";
  fs::rename(arrived / "0/b", root / "attempt-1.partial/b");
  fs::rename(root / "checkpoint", root / "depots/an-attempt-a1/before-3");
  ASSERT_TRUE(depot().bring_home());
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(read(fs::path("attempt-1.partial") / name), name);
  EXPECT_EQ(read("checkpoint/step"), "2");
}

TEST_F(DepotTest, APieceThatComesAgainIsWrittenOnce) {
  ASSERT_TRUE(depot().take(0, "abc"));
  ASSERT_TRUE(depot().take(3, "def"));
  ASSERT_TRUE(depot().take(3, "def"));
  EXPECT_EQ(depot().arrival().so_far, 6U);
  EXPECT_EQ(depot().take(7, "x").error().code, ErrorCode::Conflict);
}

TEST_F(DepotTest, WhatArrivedDamagedIsSentAnew) {
  const std::string archive = tar_end();
  ASSERT_TRUE(depot().take(0, archive));
  EXPECT_EQ(depot().take_whole({archive.size(), sha256_hex("else"), {}}).error().code, ErrorCode::Conflict);
  EXPECT_EQ(depot().arrival().so_far, 0U);
  EXPECT_FALSE(depot().arrival().is_whole);
}

TEST_F(DepotTest, WhatStudyctlWroteIsNotReplacedAndThatIsSaid) {
  write("pod/0/stdout.log", "forged");
  write("pod/0/fine", "1");
  ASSERT_TRUE(send("pod", {"0"}));
  const auto home = depot().bring_home();
  ASSERT_TRUE(home);
  EXPECT_EQ(*home, std::vector<std::string>{"stdout.log: studyctl has a file of that name"});
  EXPECT_EQ(read("attempt-1.partial/stdout.log"), "said");
  EXPECT_EQ(*depot().bring_home(), *home) << "also by who follows";
}

TEST_F(DepotTest, WhatCannotBeCarriedIsLeftOutAndNamed) {
  fs::create_directories(root / "pod/0/deep");
  ASSERT_EQ(mkfifo((root / "pod/0/pipe").c_str(), 0600), 0);
  fs::create_symlink("/etc/passwd", root / "pod/0/deep/away");
  ASSERT_TRUE(send("pod", {"0"}));
  auto home = depot().bring_home();
  ASSERT_TRUE(home);
  std::sort(home->begin(), home->end());
  EXPECT_EQ(*home, (std::vector<std::string>{"deep/away: is a link that leads out of its directory",
                                             "pipe: is a device, a pipe or a socket"}));
}

TarEntry an_entry(TarEntry::Kind kind, const std::string& path, const std::string& target = {}) {
  TarEntry entry;
  entry.kind = kind;
  entry.path = path;
  entry.target = target;
  return entry;
}

TEST_F(DepotTest, RefusesAnArchiveThatLeadsOut) {
  using Kind = TarEntry::Kind;
  const std::string top = tar_header(an_entry(Kind::Directory, "0")), file = "is a path that leads out";
  const std::string d = tar_header(an_entry(Kind::Directory, "0/d"));
  const std::string link = "is a link that leads out of its directory";
  const std::vector<std::pair<std::string, std::string>> hostile = {
      {tar_header(an_entry(Kind::File, "/etc/cron.d/x")), file},
      {top + tar_header(an_entry(Kind::File, "0/../../x")), file},
      {top + tar_header(an_entry(Kind::File, "0/./x")), file},
      {top + tar_header(an_entry(Kind::File, "0//x")), file},
      {tar_header(an_entry(Kind::Directory, "1")), "is in a place that nothing is carried to"},
      {tar_header(an_entry(Kind::Directory, "4")), "is in a place that nothing is carried to"},
      {top + top, "is there twice"},
      {tar_header(an_entry(Kind::File, "0/x")), "lies in what is no directory"},
      {top + tar_header(an_entry(Kind::Link, "0/l", "/etc")), link},
      {top + tar_header(an_entry(Kind::Link, "0/l", "..")), link},
      {top + d + tar_header(an_entry(Kind::Link, "0/d/l", "../../x")), link},
      {top + d + tar_header(an_entry(Kind::Link, "0/l", "d/..")), link},
      {tar_header(an_entry(Kind::Link, "0", "x")), link},
      {top + tar_header(an_entry(Kind::Link, "0/l", "d")) + d + tar_header(an_entry(Kind::File, "0/l/x")),
       "lies in what is no directory"},
      {tar_header(an_entry(Kind::File, "0")), "is something else than what it was"},
      {top + tar_header(an_entry(Kind::File, "0/" + std::string(300, 'n'))), "leads out"},
  };
  for (const auto& [archive, why] : hostile) {
    const auto sent = send_archive(archive + tar_end());
    ASSERT_FALSE(sent) << why;
    EXPECT_EQ(sent.error().code, ErrorCode::Invalid);
    EXPECT_NE(sent.error().message.find(why), std::string::npos) << sent.error().message << ", not " << why;
    EXPECT_FALSE(depot().arrival().is_whole);
    EXPECT_FALSE(fs::exists(root / "depots/an-attempt-a1/out.new"));
  }
}

TEST_F(DepotTest, TakesNoNameThatIsNoAttempts) {
  for (const char* name : {"", "..", "a/b", "A", "a.b"}) EXPECT_FALSE(Depot::of(root, name)) << name;
}

TEST_F(DepotTest, KnowsWhoseDepotsThereAre) {
  EXPECT_EQ(list_depots(root / "depots"),
            (std::vector<std::pair<std::string, std::string>>{{"an-attempt-a1", "r"}}));
  EXPECT_TRUE(list_depots(root / "none").empty());
}

TEST_F(DepotTest, APassIsForOneAttemptAndOneDirection) {
  const auto key = carry_key(root / "private");
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(*carry_key(root / "private"), *key);
  struct stat about {};
  ASSERT_EQ(stat((root / "private/secrets/carry-key").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  const std::string pass = carry_pass(*key, CarryPurpose::Out, "a1");
  EXPECT_TRUE(is_carry_pass(*key, CarryPurpose::Out, "a1", pass));
  EXPECT_FALSE(is_carry_pass(*key, CarryPurpose::In, "a1", pass));
  EXPECT_FALSE(is_carry_pass(*key, CarryPurpose::Out, "a2", pass));
  EXPECT_FALSE(is_carry_pass("other", CarryPurpose::Out, "a1", pass));
  EXPECT_FALSE(is_carry_pass(*key, CarryPurpose::Out, "a1", ""));
}

}  // namespace
}  // namespace studyctl
