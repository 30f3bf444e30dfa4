#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/temporary_directory.h"
#include "model/ledger.h"
#include "store/catalog.h"
#include "store/publisher.h"
#include "store/run_events.h"
#include "store/sqlite_journal.h"
#include "store/status_file.h"

// What recording costs: a commit per event, an event of a large batch, the replay of four million events at a
// restart, and status.json for few and for many experiments. `store_journal_bench [REPETITIONS]`; ends with 1
// when a figure is missed.
namespace studyctl {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Of this process: other work on the machine is left out.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

bool missed(const char* figure, double value, double most) {
  std::printf("%-48s %12.3f (at most %.3f)%s\n", figure, value, most, value > most ? "  MISSED" : "");
  return value > most;
}

[[noreturn]] void give_up(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  std::exit(2);
}

SqliteJournal new_journal(const std::filesystem::path& database) {
  Result<SqliteJournal> journal = SqliteJournal::create(database, run_record(), facts_of);
  if (!journal) give_up(journal.error());
  return std::move(*journal);
}

void commit(SqliteJournal& journal) {
  if (const Result<void> done = journal.commit(); !done) give_up(done.error());
}

// One attempt's four events, with seqs that go on.
std::vector<Event> attempt_events(uint64_t index, uint64_t seq) {
  RunEvents story;
  story.succeed(attempt_of(index));
  for (Event& event : story.all) event.seq += seq;
  return story.all;
}

double commits_a_second(const std::filesystem::path& directory) {
  SqliteJournal journal = new_journal(directory / "commits.db");
  journal.append({1, kStart, {}, GenerationOpened{1, 1000, 1}});
  commit(journal);
  constexpr uint64_t kAttempts = 500;
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < kAttempts; ++i)
    for (const Event& event : attempt_events(i, 1 + 4 * i)) {
      journal.append(event);
      commit(journal);
    }
  return 4 * kAttempts / seconds_since(begin);
}

// What the disk gives at most: a page appended and synced.
double syncs_a_second(const std::filesystem::path& directory) {
  const Fd file(open((directory / "bare").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const std::string page(4096, 'x');
  constexpr int kSyncs = 1000;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kSyncs; ++i)
    if (!write_all(file.get(), page) || fdatasync(file.get()) != 0) std::exit(2);
  return kSyncs / seconds_since(begin);
}

// Writes the run that the restart reads; returns the seconds an event.
double record(const std::filesystem::path& database, uint64_t repetitions) {
  SqliteJournal journal = new_journal(database);
  journal.append({1, kStart, {}, GenerationOpened{1, repetitions, 1}});
  double seconds = 0;
  for (uint64_t i = 0; i < repetitions; ++i) {
    const std::vector<Event> events = attempt_events(i, 1 + 4 * i);
    const auto begin = std::chrono::steady_clock::now();
    for (const Event& event : events) journal.append(event);
    if (i % 100 == 99) commit(journal);
    seconds += seconds_since(begin);
  }
  commit(journal);
  return seconds / static_cast<double>(4 * repetitions);
}

// Seconds of CPU to read all events, and to start again with them: ledger and files, of which no line is
// missing.
struct Restart {
  double replay = 0, whole = 0;
};

Restart restart(const std::filesystem::path& directory, const std::filesystem::path& database) {
  Restart took;
  double begin = cpu_seconds();
  Result<SqliteJournal> journal = SqliteJournal::open(database, kRunId, facts_of);
  if (!journal) give_up(journal.error());
  uint64_t events = 0;
  if (const Result<void> done = journal->replay([&](const Event&) { ++events; }); !done)
    give_up(done.error());
  took.replay = cpu_seconds() - begin;
  std::printf("%-48s %12llu\n", "events", static_cast<unsigned long long>(events));

  begin = cpu_seconds();
  const auto wall_begin = std::chrono::steady_clock::now();
  Result<SqliteJournal> again = SqliteJournal::open(database, kRunId, facts_of);
  if (!again) give_up(again.error());
  Result<Publisher> publisher = Publisher::open(directory, *again->checkpoints(), facts_of);
  if (!publisher) give_up(publisher.error());
  again->set_published(publisher->complete_to());
  Ledger ledger;
  const Result<void> done = again->replay([&](const Event& event) {
    ledger.apply(event);
    publisher->publish(event);
  });
  if (!done) give_up(done.error());
  took.whole = cpu_seconds() - begin;
  std::printf("%-48s %12.3f\n", "s on the clock to restart", seconds_since(wall_begin));
  return took;
}

// Files as a controller that wrote them all leaves them.
void publish_all(const std::filesystem::path& directory, const std::filesystem::path& database,
                 uint64_t repetitions) {
  std::filesystem::create_directories(directory);
  Result<SqliteJournal> journal = SqliteJournal::open(database, kRunId, facts_of);
  Result<Publisher> publisher = Publisher::open(directory, {}, facts_of);
  if (!journal || !publisher) std::exit(2);
  const auto begin = std::chrono::steady_clock::now();
  if (!journal->replay([&](const Event& event) { publisher->publish(event); }) || !publisher->flush())
    std::exit(2);
  std::printf("%-48s %12.3f\n", "µs a published event",
              seconds_since(begin) * 1e6 / static_cast<double>(4 * repetitions));
  journal->set_checkpoints(publisher->checkpoints());
  journal->append({2 + 4 * repetitions, kStart, {}, RunStateChanged{RunState::Running, ""}});
  commit(*journal);
}

// Microseconds to make and write one status.
double status_write(const std::filesystem::path& directory, uint64_t experiments) {
  SystemClock clock;
  StatusFile file(directory / "status.json", clock);
  Status status;
  status.run_id = kRunId;
  status.state = RunState::Running;
  status.total = experiments;
  status.completed = experiments / 2;
  for (uint64_t i = 0; i < Status::kMostCurrent; ++i) {
    const ExperimentFacts facts = facts_of({1, i + experiments / 2, 1});
    status.current.push_back({facts.experiment, facts.parameters, 1, 1, RepetitionState::Running, "GPU 0",
                              kStart, 0.5, "epoch 3"});
  }
  constexpr int kWrites = 500;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kWrites; ++i)
    if (const Result<void> done = file.write(status); !done) give_up(done.error());
  return seconds_since(begin) * 1e6 / kWrites;
}

double median_status_ratio(const std::filesystem::path& directory) {
  std::vector<double> ratios;
  for (int i = 0; i < 5; ++i) {
    const double few = status_write(directory, 100);
    ratios.push_back(status_write(directory, 1'000'000) / few);
  }
  std::printf("%-48s %12.3f\n", "µs a status.json", status_write(directory, 1'000'000));
  std::sort(ratios.begin(), ratios.end());
  return ratios[ratios.size() / 2];
}

int run(uint64_t repetitions) {
  const TemporaryDirectory directory;
  const std::filesystem::path database = directory.path() / "studies.db";
  const double share = static_cast<double>(repetitions) / 1e6;
  std::printf("%-48s %12.0f\n", "syncs a second of a bare file", syncs_a_second(directory.path()));
  std::printf("%-48s %12.0f\n", "commits a second, an event each", commits_a_second(directory.path()));
  bool bad = missed("µs an event, 400 a commit", record(database, repetitions) * 1e6, 40);
  std::printf("%-48s %12.1f\n", "MB of studies.db",
              static_cast<double>(std::filesystem::file_size(database)) / 1048576);
  publish_all(directory.path() / "run", database, repetitions);
  const Restart took = restart(directory.path() / "run", database);
  bad |= missed("s of CPU to replay", took.replay, std::max(0.1, 2 * share));
  bad |= missed("s of CPU to restart: ledger and files", took.whole, std::max(0.1, 3 * share));
  bad |= missed("status.json of 1,000,000 to that of 100", median_status_ratio(directory.path()), 1.3);
  std::printf("%-48s %12.1f\n", "MB at most", peak_megabytes());
  return bad ? 1 : 0;
}

}  // namespace
}  // namespace studyctl

int main(int count, char** arguments) {
  const uint64_t repetitions = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1'000'000;
  return studyctl::run(repetitions);
}
