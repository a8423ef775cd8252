// Prints what a publisher sends, a line for every frame, and can leave the newest body as an .obj file.
//
//     watch tcp://127.0.0.1:5556 --level mesh --obj body.obj --count 100

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "meshcast/subscriber.hpp"
#include "obj.hpp"

namespace {

constexpr const char* kUsage =
    "usage: watch ADDRESS [--stream NAME] [--level mesh|mesh-lod|joints|params] [--axes opencv|unity|unreal|gltf]\n"
    "             [--count N] [--timeout S] [--obj FILE] [--curve ME.key --server SERVER.pub]\n";

volatile std::sig_atomic_t interrupted = 0;

struct Arguments {
  meshcast::Options options;
  std::optional<meshcast::Axes> axes;  // as they come when not given
  long count = 0;                      // 0: no end
  double timeout_s = 0;
  std::string obj, own_keys, server_key;
};

std::optional<meshcast::Kind> level_named(const std::string& text) {
  for (const auto kind :
       {meshcast::Kind::mesh, meshcast::Kind::mesh_lod, meshcast::Kind::joints, meshcast::Kind::params})
    if (meshcast::name(kind) == text) return kind;
  return std::nullopt;
}

/// The command line; nothing when it is not understood.
std::optional<Arguments> parse(int argc, char** argv) {
  Arguments found;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.rfind("--", 0) != 0) {
      if (!found.options.address.empty()) return std::nullopt;
      found.options.address = word;
      continue;
    }
    if (++i == argc) return std::nullopt;
    const std::string value = argv[i];
    if (word == "--stream")
      found.options.stream = value;
    else if (word == "--obj")
      found.obj = value;
    else if (word == "--curve")
      found.own_keys = value;
    else if (word == "--server")
      found.server_key = value;
    else if (word == "--count" && (found.count = std::atol(value.c_str())) > 0)
      continue;
    else if (word == "--timeout" && (found.timeout_s = std::atof(value.c_str())) > 0)
      continue;
    else if (word == "--axes" && (found.axes = meshcast::axes_named(value)))
      continue;
    else if (const auto level = level_named(value); word == "--level" && level)
      found.options.levels = {*level};
    else
      return std::nullopt;
  }
  if (found.options.address.empty() || found.server_key.empty() != found.own_keys.empty()) return std::nullopt;
  return found;
}

std::optional<meshcast::Error> read_keys(Arguments& arguments) {
  if (arguments.server_key.empty()) return std::nullopt;
  const auto server = meshcast::read_certificate(arguments.server_key);
  const auto client = meshcast::read_certificate(arguments.own_keys);
  if (const auto* error = std::get_if<meshcast::Error>(&server)) return *error;
  if (const auto* error = std::get_if<meshcast::Error>(&client)) return *error;
  const auto& own = *std::get_if<meshcast::Certificate>(&client);
  if (own.secret_key.empty())
    return meshcast::Error::format("%s: holds a public key only; name the secret file of the pair, NAME.key",
                                   arguments.own_keys.c_str());
  arguments.options.curve = {std::get_if<meshcast::Certificate>(&server)->public_key, own.public_key, own.secret_key};
  return std::nullopt;
}

/// `cam0 #12 lost 0 age 31.0 ms 1 people: 1 0.98 (+0.12 -0.30 +4.10) m`
void print(const meshcast::Frame& frame, const meshcast::Delivery& delivery, std::optional<meshcast::Axes> axes) {
  const auto to = meshcast::conversion(frame, axes.value_or(frame.axes));
  std::printf("%.*s #%llu lost %llu age %.1f ms %zu people", static_cast<int>(frame.stream.size()), frame.stream.data(),
              static_cast<unsigned long long>(frame.seq), static_cast<unsigned long long>(delivery.since.lost),
              frame.age_us / 1000.0, frame.people);
  const auto unit = to && axes ? meshcast::system(*axes).unit : frame.unit;
  for (std::size_t person = 0; person < frame.people; ++person) {
    const auto at = to ? to->point(frame.translation(person)) : frame.translation(person);
    std::printf("%s %d %.2f (%+.2f %+.2f %+.2f) %s", person == 0 ? ":" : ",", frame.ids[person], frame.scores[person],
                at.x, at.y, at.z, meshcast::name(unit).data());
  }
  std::printf("\n");
  std::fflush(stdout);
}

void note(const meshcast::Status& status, std::uint64_t missing) {
  if (status.state != meshcast::State::ended) return;
  std::fprintf(stderr, "watch: %.*s has ended, %llu frames lost at the end: %.*s\n",
               static_cast<int>(status.stream.size()), status.stream.data(), static_cast<unsigned long long>(missing),
               static_cast<int>(status.reason.size()), status.reason.data());
}

int complain(const meshcast::Error& error) {
  std::fprintf(stderr, "watch: %s\n", error.text());
  return 1;
}

int run(const Arguments& arguments) {
  meshcast::Subscriber subscriber;
  if (auto error = subscriber.start(arguments.options)) return complain(*error);
  std::fprintf(stderr, "watch: listening to %s, Ctrl-C ends\n", arguments.options.address.c_str());
  std::optional<meshcast::Delivery> drawable;
  double since_s = meshcast::now_s();
  long printed = 0;
  while (interrupted == 0 && (arguments.count == 0 || printed < arguments.count)) {
    if (arguments.timeout_s > 0 && meshcast::now_s() - since_s > arguments.timeout_s) break;
    const auto delivery = subscriber.take(0.05);
    if (!delivery) continue;
    if (const auto* error = delivery->packet->error()) complain(*error);
    if (const auto* status = delivery->packet->status()) note(*status, delivery->missing);
    const auto* frame = delivery->packet->frame();
    if (frame == nullptr) continue;
    if (delivery->since.restarted) std::fprintf(stderr, "watch: the publisher has started again\n");
    print(*frame, *delivery, arguments.axes);
    if (delivery->model != nullptr) drawable = delivery;
    since_s = meshcast::now_s();
    ++printed;
  }
  if (printed == 0 && interrupted == 0)
    return complain(meshcast::Error::format("%s: no frame within %g s; is a publisher running there, with these keys?",
                                            arguments.options.address.c_str(), arguments.timeout_s));
  if (arguments.obj.empty()) return 0;
  if (!drawable) return complain(meshcast::Error::format("%s: no frame came with its model", arguments.obj.c_str()));
  const auto error = example::write_obj(arguments.obj, *drawable->packet->frame(), *drawable->model->model());
  return error ? complain(*error) : 0;
}

}  // namespace

int main(int argc, char** argv) {
  auto arguments = parse(argc, argv);
  if (!arguments) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  std::signal(SIGINT, [](int) { interrupted = 1; });
  std::signal(SIGTERM, [](int) { interrupted = 1; });
  if (auto error = read_keys(*arguments)) return complain(*error);
  return run(*arguments);
}
