#include <csignal>
#include <cstdio>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "service/service_channels.h"
#include "service/service_manager.h"
#include "service/study_service.h"

// serve: the controller as a service, until it is told to end by SIGTERM or Ctrl+C.
namespace studyctl {
namespace {

struct ServeOptions {
  ServiceAddress address{"127.0.0.1:8080", {}, {}, {}};
  ServiceOptions service;
  std::string drain;
  bool prints_config = false;
};

// Blocked before the first thread is made, so that they come to wait_for_the_end() alone.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

// The terminal that it was started from may go.
const char* wait_for_the_end(const sigset_t& set) {
  int signal = 0;
  while (sigwait(&set, &signal) != 0 || signal == SIGHUP) continue;
  return signal == SIGINT ? "Ctrl+C" : "SIGTERM";
}

int serve(const Context& context, ServeOptions& options) {
  SubmitPolicy& policy = options.service.policy;
  for (auto* list : {&options.address.names, &options.service.drive.secret_directories, &policy.host_paths,
                     &policy.devices, &policy.images})
    std::erase(*list, "");  // of a list without an item, as --print-config writes it
  if (!options.drain.empty()) {
    auto drain = parse_duration(options.drain);
    if (!drain) return fail(std::move(drain).error().within("--drain"));
    options.service.drain = *drain;
  }
  if (auto fine = ServiceChannels::check(options.address); !fine) return fail(fine.error());
  const sigset_t signals = block_signals();
  log::to_stderr(log::Level::Info);
  auto volume = ResultsVolume::open(context.results, context.state_directory);
  if (!volume) return fail(volume.error());
  auto service = StudyService::open(*volume, options.service);
  if (!service) return fail(service.error());
  auto channels = ServiceChannels::open(**service, options.address);
  if (!channels) return fail(channels.error());
  const std::string& address = (*channels)->listens_at();
  log::info("serves " + volume->root().string() + (address.empty() ? "" : " at " + address));
  tell_service_manager("READY=1\nSTATUS=" + (address.empty() ? "ready" : "listens at " + address));
  const std::string why = wait_for_the_end(signals);
  tell_service_manager("STOPPING=1");
  log::info(why + ": " +
            (options.service.drain > Duration(0) ? "what runs may finish, at most " + options.drain
                                                 : "what runs is handed over: the next service adopts it"));
  (*service)->shut_down();
  return kSucceeded;
}

void add_address(CLI::App& command, ServiceAddress& address) {
  command.add_option("--listen", address.listen, "Where the page and the API are found; \"\": nowhere")
      ->envname("STUDYCTL_LISTEN")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command
      .add_option("--name", address.names, "A name by which clients know it, beside its address: lab.example")
      ->envname("STUDYCTL_NAMES")
      ->delimiter(',')
      ->type_name("HOST")
      ->allow_extra_args(false);
  command
      .add_option("--token-file", address.token_file,
                  "Who may ask, a line each, as `studyctl token` makes them")
      ->envname("STUDYCTL_TOKEN_FILE")
      ->type_name("FILE");
  command.add_option("--tls-cert", address.tls.certificate, "Speak TLS, by this certificate chain (PEM)")
      ->envname("STUDYCTL_TLS_CERT")
      ->type_name("FILE");
  command.add_option("--tls-key", address.tls.key, "The certificate's key (PEM)")
      ->envname("STUDYCTL_TLS_KEY")
      ->type_name("FILE");
  command
      .add_option(
          "--tls-client-ca", address.tls.client_authority,
          "Who shows a certificate of these needs no token: CN says who, O=operator that he may change "
          "things (PEM)")
      ->envname("STUDYCTL_TLS_CLIENT_CA")
      ->type_name("FILE");
}

void add_policy(CLI::App& command, SubmitPolicy& policy) {
  const auto add = [&](const char* name, std::vector<std::string>& to, const char* about, const char* type) {
    command.add_option(name, to, about)
        ->type_name(type)
        ->allow_extra_args(false)
        ->group("What a manifest that comes over the network may ask for");
  };
  add("--allow-host-path", policy.host_paths, "Mount this directory and what is below it; DIR:rw: writable",
      "DIR");
  add("--allow-device", policy.devices, "Have this device node: /dev/dri", "PATH");
  add("--allow-image", policy.images, "Run these images, registry.example/lab/*, and no others", "PATTERN");
  add("--allow-notify", policy.notify_hosts,
      "Send notifications to this host although it is this machine, or a cloud's own address", "HOST");
  command
      .add_flag("--allow-privileged", policy.allows_privileged,
                "Have privileges: privileged, capabilities, hostNetwork")
      ->group("What a manifest that comes over the network may ask for");
}

}  // namespace

void add_serve(CLI::App& app, Context& context) {
  ServeOptions& options = context.keep<ServeOptions>();
  DriveOptions& drive = options.service.drive;
  CLI::App* command =
      app.add_subcommand("serve", "Run as a service: take up what is applied, one after the other");
  add_address(*command, options.address);
  command
      ->add_option("--drain", options.drain,
                   "When it is told to end, let what runs finish, so long at most; else it is handed over "
                   "($STUDYCTL_DRAIN)")
      ->envname("STUDYCTL_DRAIN")
      ->type_name("DURATION");
  command->add_option("--engine", drive.engine, "docker, podman, or an address")
      ->envname("STUDYCTL_ENGINE")
      ->type_name("ENGINE")
      ->group("Engine");
  command->add_option("--lease-dir", drive.lease_directory, "Where devices are leased on this machine")
      ->envname("STUDYCTL_LEASE_DIR")
      ->type_name("DIR")
      ->group("Engine");
  command
      ->add_option("--gpus", drive.gpus, "The GPUs there are, instead of what the machine says: 0,1 or UUIDs")
      ->envname("STUDYCTL_GPUS")
      ->type_name("IDS")
      ->group("Engine");
  command
      ->add_option("--secret-dir", drive.secret_directories,
                   "A directory with a directory per Secret, a file per key")
      ->type_name("DIR")
      ->allow_extra_args(false);
  add_policy(*command, options.service.policy);
  command->add_flag("--print-config", options.prints_config, "Print such a file with what holds now, and end")
      ->configurable(false);
  command->final_callback([&options, &context, command] {
    context.run = [&options, &context, command] {
      if (!options.prints_config) return serve(context, options);
      std::printf("[serve]\n%s", command->config_to_str(true).c_str());
      return static_cast<int>(kSucceeded);
    };
  });
}

}  // namespace studyctl
