#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <optional>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/foreground.h"
#include "service/carry_channel.h"
#include "service/kubeconfig.h"
#include "service/operator/leadership.h"
#include "service/operator/probe.h"
#include "service/operator/study_operator.h"
#include "service/service_channels.h"
#include "service/service_manager.h"
#include "service/study_service.h"

// serve: the controller as a service, until it is told to end by SIGTERM or Ctrl+C.
namespace studyctl {
namespace {

struct OperatorOptions {
  bool is_on = false;
  KubernetesOptions cluster;
  WatchedNamespaces watched;
  std::string results_claim, probe, pod;
};

struct ServeOptions {
  OperatorOptions for_objects;
  ServiceAddress address{"127.0.0.1:8080", {}, {}, {}};
  ServiceOptions service;
  std::string drain;
  bool prints_config = false;
};

constexpr char kObjects[] = "Studies that are objects of a Kubernetes cluster";  // a group of options
constexpr int kLeadership = SIGUSR1;  // from ourselves: it was won, or lost

// Blocked before the first thread is made, so that they come to wait_for_the_end() alone.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, kLeadership}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

// The terminal that it was started from may go. `leadership`: null where nobody else may lead.
const char* wait_for_the_end(const sigset_t& set, const Leadership* leadership) {
  int signal = 0;
  while (sigwait(&set, &signal) != 0 || signal == SIGHUP || signal == kLeadership) {
    if (leadership && leadership->state() == Leadership::State::Lost) return "another one leads";
  }
  return signal == SIGINT ? "Ctrl+C" : "SIGTERM";
}

Result<ClusterAccess> cluster_of(const OperatorOptions& options) {
  auto access = find_cluster(read_kubeconfigs, options.cluster);
  if (!access) return access;
  if (auto fine = check_studies(*access, options.watched); !fine) return std::move(fine).error();
  return access;
}

// Of those that could, one acts. False: it was told to end before it was its turn.
bool await_leadership(const Leadership& leadership, const sigset_t& set) {
  while (leadership.state() == Leadership::State::Waits) {
    int signal = 0;
    if (sigwait(&set, &signal) == 0 && signal != SIGHUP && signal != kLeadership) return false;
  }
  return leadership.state() == Leadership::State::Leads;
}

// Who led before may need a moment to let go of the volume.
Result<std::unique_ptr<StudyService>> open_service(const ResultsVolume& volume, const ServiceOptions& options,
                                                   const Leadership* leadership, const sigset_t& set) {
  constexpr timespec kPause{1, 0};
  bool is_said = false;
  while (true) {
    auto service = StudyService::open(volume, options);
    const bool may_come = leadership && leadership->state() == Leadership::State::Leads;
    if (service || !may_come || service.error().code != ErrorCode::Conflict) return service;
    if (!std::exchange(is_said, true)) log::info("waits for the volume: " + service.error().message);
    const int signal = sigtimedwait(&set, nullptr, &kPause);
    if (signal == SIGINT || signal == SIGTERM) return service;
  }
}

// What serves, once it is this process's turn.
int serve_volume(const Context& context, ServeOptions& options, const ClusterAccess* cluster,
                 Leadership* leadership) {
  const sigset_t signals = block_signals();
  auto volume = ResultsVolume::open(context.results, context.state_directory);
  if (!volume) return fail(volume.error());
  auto service = open_service(*volume, options.service, leadership, signals);
  if (!service) return fail(service.error());
  auto channels = ServiceChannels::open(**service, options.address);
  if (!channels) return fail(channels.error());
  const auto carriers = open_carry_channel(*volume, options.service.drive.carry);
  if (!carriers) return fail(carriers.error());
  std::optional<StudyOperator> studies;
  const WatchedNamespaces& watched = options.for_objects.watched;
  if (cluster) studies.emplace(**service, *cluster, watched);
  const std::string& address = (*channels)->listens_at();
  log::info("serves " + volume->root().string() + (address.empty() ? "" : " at " + address) +
            (cluster ? ", and the Studies of " + watched.text(cluster->namespace_name) : ""));
  if (leadership) leadership->acts(true);
  tell_service_manager("READY=1\nSTATUS=" + (address.empty() ? "ready" : "listens at " + address));
  const std::string why = wait_for_the_end(signals, leadership);
  if (leadership) leadership->acts(false);
  tell_service_manager("STOPPING=1");
  log::info(why + ": " +
            (options.service.drain > Duration(0) ? "what runs may finish, at most " + options.drain
                                                 : "what runs is handed over: the next service adopts it"));
  studies.reset();
  (*service)->shut_down();
  return leadership && leadership->state() == Leadership::State::Lost ? kUnavailable : kSucceeded;
}

int serve_objects(const Context& context, ServeOptions& options) {
  auto cluster = cluster_of(options.for_objects);
  if (!cluster) return fail(cluster.error());
  DriveOptions& drive = options.service.drive;
  if (drive.engine.empty()) drive.engine = name_of(EngineKind::Kubernetes);
  drive.results_claim = options.for_objects.results_claim;
  drive.kubernetes = {cluster->namespace_name, options.for_objects.cluster.context};
  drive.spans_namespaces = !options.for_objects.watched.is_own_alone();
  const sigset_t signals = block_signals();
  const pthread_t main_thread = pthread_self();
  Leadership leadership(*cluster, options.for_objects.pod,
                        [main_thread] { pthread_kill(main_thread, kLeadership); });
  Result<std::unique_ptr<Server>> probe = std::unique_ptr<Server>();
  const std::string& listen = options.for_objects.probe;
  if (!listen.empty()) probe = open_probe(listen, leadership);
  if (!probe) return fail(probe.error());
  if (!await_leadership(leadership, signals)) return kSucceeded;
  return serve_volume(context, options, &*cluster, &leadership);
}

Result<void> check_operator(OperatorOptions& options) {
  const KubernetesOptions& cluster = options.cluster;
  WatchedNamespaces& watched = options.watched;
  std::erase(watched.names, "");
  std::sort(watched.names.begin(), watched.names.end());
  watched.names.erase(std::unique(watched.names.begin(), watched.names.end()), watched.names.end());
  if (!options.is_on && (!watched.is_own_alone() || !(cluster.namespace_name + cluster.context +
                                                      options.results_claim + options.probe + options.pod)
                                                         .empty()))
    return Error{ErrorCode::Invalid,
                 "--namespace, --watch-namespace, --all-namespaces, --kube-context, --results-claim, "
                 "--probe-listen and --pod: take --operator"};
  if (watched.all && !watched.names.empty())
    return Error{ErrorCode::Invalid, "--all-namespaces: has those of --watch-namespace too; leave one out"};
  return {};
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
  if (auto fine = check_operator(options.for_objects); !fine) return fail(fine.error());
  if (auto fine = ServiceChannels::check(options.address); !fine) return fail(fine.error());
  std::erase(options.service.drive.carry.pull_secrets, "");
  if (auto fine = check_carry(options.service.drive.carry); !fine) return fail(fine.error());
  log::to_stderr(log::Level::Info);
  return options.for_objects.is_on ? serve_objects(context, options)
                                   : serve_volume(context, options, nullptr, nullptr);
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

void add_operator(CLI::App& command, OperatorOptions& options) {
  command
      .add_flag("--operator", options.is_on,
                "Run what kubectl applies: the Studies of a namespace (manifests/crd.yaml); of several "
                "operators one acts")
      ->envname("STUDYCTL_OPERATOR")
      ->group(kObjects);
  command
      .add_option("--namespace", options.cluster.namespace_name,
                  "Its own namespace, with its Lease and the results' claim: the context's, or this pod's, "
                  "unless it is "
                  "named. Without the next two its Studies alone are run")
      ->envname("STUDYCTL_NAMESPACE")
      ->type_name("NAME")
      ->group(kObjects);
  command
      .add_option("--watch-namespace", options.watched.names,
                  "Run the Studies of this namespace, and of others that are named so; results are carried "
                  "(--carry-address) to and from all but its own")
      ->envname("STUDYCTL_WATCH_NAMESPACES")
      ->delimiter(',')
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->group(kObjects);
  command.add_flag("--all-namespaces", options.watched.all, "Run the Studies of every namespace, likewise")
      ->envname("STUDYCTL_ALL_NAMESPACES")
      ->group(kObjects);
  command
      .add_option("--kube-context", options.cluster.context,
                  "Of which context of the kubeconfig; its current one unless it is named")
      ->envname("STUDYCTL_KUBE_CONTEXT")
      ->type_name("NAME")
      ->group(kObjects);
  command
      .add_option(
          "--results-claim", options.results_claim,
          "The persistentVolumeClaim whose root is --results: pods mount it, instead of paths of nodes")
      ->envname("STUDYCTL_RESULTS_CLAIM")
      ->type_name("NAME")
      ->group(kObjects);
}

void add_probe(CLI::App& command, OperatorOptions& options) {
  command
      .add_option(
          "--probe-listen", options.probe,
          "Answer a cluster's probes there, also while another operator acts: GET /healthz, and /readyz "
          "once it acts: 0.0.0.0:8081")
      ->envname("STUDYCTL_PROBE_LISTEN")
      ->type_name("ADDRESS")
      ->group(kObjects);
  command
      .add_option("--pod", options.pod,
                  "The pod that this runs in: it has the label studyctl.io/acts=true while it acts, for a "
                  "Service to find it by, and is ready also while it waits for another one that acts")
      ->envname("STUDYCTL_POD")
      ->type_name("NAME")
      ->group(kObjects);
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
  add_operator(*command, options.for_objects);
  add_probe(*command, options.for_objects);
  add_carry_options(*command, drive.carry);
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
