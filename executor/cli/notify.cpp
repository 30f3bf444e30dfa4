#include <cstdio>
#include <filesystem>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/listing.h"
#include "cli/outbox_text.h"
#include "http/command_api.h"
#include "service/carrier.h"
#include "service/notifier.h"
#include "store/outbox.h"
#include "study/applied_manifest.h"
#include "study/message_format.h"
#include "study/run_choice.h"
#include "study/run_text.h"
#include "study/secret_sources.h"
#include "study/study_source.h"
#include "study/written_json.h"

// notify: what was told and what waits to be; and a message that says whether it would arrive.
namespace studyctl {
namespace {

constexpr Duration kLongestSending{10'000};

struct NotifyOptions {
  std::string study;
  bool tests = false, lists = false, sends = false;
  std::string rule;
  std::vector<std::string> secret_directories;
  uint64_t limit = 100;
  Output output = Output::Table;
};

struct Tested {
  std::string study;
  std::vector<Notification> rules;
  SecretSources secrets;
  std::string volume_id;
};

// For who is elsewhere nothing is reached that the service itself would not reach.
HttpAddress::Reach reach() {
  return on_behalf() ? HttpAddress::Reach::Elsewhere : HttpAddress::Reach::Anywhere;
}

bool is_file(const std::string& name) {
  std::error_code failed;
  return name == "-" || name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json") ||
         std::filesystem::is_directory(name, failed);
}

// The rules of a manifest, or of a study's newest run.
Result<Tested> rules_to_test(const Context& context, const NotifyOptions& options) {
  const auto volume = context.find_volume();
  const std::string volume_id = volume ? volume->id() : "00000000-0000-0000-0000-000000000000";
  if (is_file(options.study)) {
    if (on_behalf())
      return Error{ErrorCode::Invalid, printable(options.study) +
                                           ": names a file on your machine: name a study, or test it from "
                                           "there with --results ."};
    StudyArguments arguments;
    arguments.file = options.study;
    auto study = load_study(arguments);
    if (!study) return std::move(study).error();
    return Tested{(*study)->study().name, (*study)->manifest.notifications,
                  SecretSources((*study)->manifest, options.secret_directories), volume_id};
  }
  auto chosen = choose_run(volume, options.study);
  if (!chosen) return std::move(chosen).error();
  auto study = load_run(*chosen);
  if (!study) return std::move(study).error();
  auto secrets = SecretSources::of_run(chosen->volume, chosen->run.record.id, options.secret_directories);
  if (!secrets) return std::move(secrets).error();
  return Tested{(*study)->study().name, (*study)->manifest.notifications, *std::move(secrets), volume_id};
}

// What was not taken often says itself where it could not go.
std::string verdict_of(const Delivery& delivery, const std::string& destination) {
  if (delivery.kind == Delivery::Kind::Taken) return destination + ": taken";
  const std::string why = printable(delivery.error);
  return why.starts_with(destination) ? why : destination + ": " + why;
}

int test_rules(const Tested& tested, const std::string& only) {
  SystemClock clock;
  EventLoop loop(clock);
  Carrier carrier(loop, {tested.volume_id, reach()});
  size_t tried = 0, failed = 0;
  for (const Notification& rule : tested.rules) {
    if (!only.empty() && rule.name != only) continue;
    ++tried;
    std::optional<Delivery> delivery;
    carrier.send(test_message(tested.study, rule, clock.now()), rule, tested.secrets,
                 [&](const Delivery& came) { delivery = came; });
    while (!delivery) loop.run_once(std::chrono::seconds(1));
    if (delivery->kind != Delivery::Kind::Taken) ++failed;
    std::printf("%s: %s\n", rule.name.c_str(), verdict_of(*delivery, destination_of(rule)).c_str());
  }
  if (tried == 0)
    return fail({ErrorCode::NotFound, tested.study + ": has no notification" +
                                          (only.empty() ? " in its manifest" : " '" + only + "'")});
  return failed == 0 ? kSucceeded : kUnavailable;
}

ListItem item_of(const ResultsVolume& volume, const Message& message) {
  ListItem item;
  item.name = message.id;
  item.path = volume.root() / message.run;
  item.column("AT", "at", written_of(message.at), instant_text(message.at));
  item.column("RUN", "run", Written::text(message.run));
  item.column("OCCASION", "occasion", Written::text(message.occasion));
  item.column("RULE", "rule", Written::text(message.rule));
  item.column("STATE", "state", Written::text(message.state));
  item.column("TRIES", "tries", written_of(message.tries));
  item.column("WHY", "error", Written::text(message.error));
  item.wide_column("TO", "destination", Written::text(message.destination));
  const bool waits = message.state == "Waiting";
  item.wide_column("NEXT", "next_at", waits ? written_of(message.next_at) : written_null(),
                   waits ? instant_text(message.next_at) : "");
  item.wide_column("ENDED", "ended_at", written_of(message.ended_at), instant_text(message.ended_at));
  item.wide_column("ID", "id", Written::text(message.id));
  item.field("data", written_from_json(message.data));
  return item;
}

// What Outbox knows a study or a run by; empty where none is named.
Result<std::string> named(const ResultsVolume& volume, const std::string& study_or_run) {
  if (study_or_run.empty()) return study_or_run;
  const auto chosen = choose_run(volume, study_or_run);
  if (!chosen) return chosen.error();
  const RunRecord& run = chosen->run.record;
  return run.study == study_or_run ? run.study : run.id;
}

int list_messages(const Context& context, const NotifyOptions& options) {
  const auto volume = context.find_volume();
  if (!volume) return fail(volume.error());
  const auto name = named(*volume, options.study);
  if (!name) return fail(name.error());
  auto outbox = Outbox::open_for_reading(volume->database());
  if (!outbox) return fail(outbox.error());
  const auto messages = outbox->list(*name, options.limit);
  if (!messages) return fail(messages.error());
  Listing listing(stdout, options.output);
  for (const Message& message : *messages) listing.add(item_of(*volume, message));
  listing.finish("nothing was told, and nothing waits to be");
  return kSucceeded;
}

// As who drives a run does, without one.
Result<Outbox::Counts> send_waiting(const ResultsVolume& volume, const NotifyOptions& options) {
  const auto name = named(volume, options.study);
  if (!name) return name.error();
  const auto lock = volume.lock(this_holder("notify"));
  if (!lock) return lock.error();
  auto outbox = Outbox::open(volume.database());
  if (!outbox) return std::move(outbox).error();
  if (auto hastened = outbox->hasten(*name, SystemClock().now()); !hastened) return hastened.error();
  return Notifier(volume, {options.secret_directories, reach()}).settle("", kLongestSending);
}

int send_messages(const Context& context, const NotifyOptions& options) {
  const auto volume = context.find_volume();
  if (!volume) return fail(volume.error());
  const auto left = send_waiting(*volume, options);
  if (!left) return fail(left.error());
  for (const std::string& line : left_to_tell(*left)) std::printf("%s\n", line.c_str());
  if (left->waiting + left->dead > 0) return kUnavailable;
  std::puts("all is sent");
  return kSucceeded;
}

int notify(const Context& context, const NotifyOptions& options) {
  if (options.sends) return send_messages(context, options);
  if (!options.tests) return list_messages(context, options);
  const auto tested = rules_to_test(context, options);
  return tested ? test_rules(*tested, options.rule) : fail(tested.error());
}

}  // namespace

void add_notify(CLI::App& app, Context& context) {
  NotifyOptions& options = context.keep<NotifyOptions>();
  CLI::App* command = app.add_subcommand(
      "notify", "See what spec.notifications told, send what waits, or test whether it would arrive");
  command->add_option("STUDY", options.study, "Of this study, or run, alone; with --test also a manifest");
  auto* list =
      command->add_flag("--list", options.lists, "What was told, what waits, what was given up: the default");
  command->add_flag("--test", options.tests, "Send a test message by each rule, and say what came of it")
      ->excludes(list);
  command
      ->add_flag("--send", options.sends,
                 "Send now what waits, whatever it was to wait for, and once more what was given up")
      ->excludes("--list")
      ->excludes("--test");
  command->add_option("--rule", options.rule, "Test this one alone")->type_name("NAME");
  command
      ->add_option("--secret-dir", options.secret_directories,
                   "A directory with a directory per Secret, a file per key")
      ->type_name("DIR")
      ->allow_extra_args(false);
  command->add_option("--limit", options.limit, "List so many, the newest")
      ->type_name("N")
      ->capture_default_str();
  add_output(*command, options.output);
  command->footer(
      "A message that was not taken is tried again by whoever drives runs of the volume, up to the rule's\n"
      "retry.limit; then its STATE is Dead. The same message has the same ID however often it is sent.");
  command->final_callback([&] { context.run = [&] { return notify(context, options); }; });
}

}  // namespace studyctl
