// The kernels of the mesh network against plain loops, as one program without Python: for processors that only an
// emulator stands in for. Prints what is wrong and ends with 1; `make aarch64` and `make amx` build and run it.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "common/bfloat16.hpp"
#include "common/matrix_kernel.hpp"
#include "common/tiles_check.hpp"
#include "common/tiles_emulated.hpp"
#include "graph_conv/graph_conv.hpp"
#include "linear/linear_tiles.hpp"

namespace meshcast {
namespace amx_emulated {
extern const LinearTiles linear_tiles;
}
#ifdef MESHCAST_AMX
namespace amx {
extern const LinearTiles linear_tiles;
}
void check_hardware_tiles(float* sums);
#endif
}  // namespace meshcast

namespace {

using namespace meshcast;

struct Kernel {
  MatrixKernel kernel;
  const char* name;
  const LinearTiles* tiles;
};
const Kernel kVector{MatrixKernel::kVector, "", nullptr};
const Kernel kMatrix[] = {
    {MatrixKernel::kEmulated, ", emulated tiles", &amx_emulated::linear_tiles},
#ifdef MESHCAST_AMX
    {MatrixKernel::kAmx, ", tiles", &amx::linear_tiles},
#endif
};

std::mt19937 generator(1);
int wrong = 0;

std::vector<float> noise(std::size_t count, float scale) {
  std::normal_distribution<float> normal(0.0f, scale);
  std::vector<float> values(count);
  for (auto& value : values) value = normal(generator);
  return values;
}

std::vector<std::uint16_t> halves(const std::vector<float>& values) {
  std::vector<std::uint16_t> made;
  for (float value : values) made.push_back(to_bf16(value));
  return made;
}

void compare(const char* what, const std::vector<float>& got, const std::vector<double>& expected, double tolerance) {
  double worst = 0, largest = 1;
  for (std::size_t i = 0; i < got.size(); ++i) {
    worst = std::fmax(worst, std::fabs(got[i] - expected[i]));
    largest = std::fmax(largest, std::fabs(expected[i]));
  }
  const bool good = worst <= tolerance * largest;
  std::printf("%-72s off by %.1e of %.2f%s\n", what, worst, largest, good ? "" : "  WRONG");
  wrong += !good;
}

struct Csr {
  std::vector<std::int32_t> indptr, indices;
  std::vector<float> data;
};

Csr random_csr(int rows, int sources, int width) {
  Csr made;
  made.indptr.push_back(0);
  for (int v = 0; v < rows; ++v) {
    const int count = static_cast<int>(generator() % static_cast<unsigned>(width + 1));
    for (int e = 0; e < count; ++e) made.indices.push_back(static_cast<std::int32_t>(generator() % unsigned(sources)));
    made.indptr.push_back(static_cast<std::int32_t>(made.indices.size()));
  }
  made.data = noise(made.indices.size(), 0.4f);
  return made;
}

void graph_conv_check(int rows, int sources, int batch, int in, int out, bool project_first, bool bf16,
                      const Kernel& kernel) {
  const Csr one = random_csr(rows, sources, 7), two = random_csr(rows, sources, 20);
  std::vector<std::int32_t> self;
  for (int v = 0; v < rows; ++v) self.push_back(static_cast<std::int32_t>(generator() % unsigned(sources)));
  auto x = noise(std::size_t(sources) * batch * in, 1), weight = noise(std::size_t(3) * in * out, 0.1f);
  auto skip = noise(std::size_t(sources) * batch * out, 1);
  const auto bias = noise(out, 0.3f);
  const auto x_half = halves(x), skip_half = halves(skip);
  if (bf16) {
    for (auto* values : {&x, &skip})
      for (auto& value : *values) value = from_bf16(to_bf16(value));
  }

  const GraphConvCpu& isa = graph_conv_isa(kernel.kernel);
  const std::int64_t depth = project_first ? in : 3 * in, part = (out + kChunk - 1) / kChunk * kChunk,
                     columns = project_first ? 3 * part : out;
  std::vector<float> laid = weight;
  if (project_first) {
    laid.assign(std::size_t(depth * columns), 0.0f);
    for (int row = 0; row < 3 * in; ++row)
      for (int c = 0; c < out; ++c) laid[row % in * columns + row / in * part + c] = weight[row * out + c];
  }
  void* packed = std::aligned_alloc(
      64, std::size_t(panels(columns, isa.panel) * isa.panel * filled(depth, isa.depth_step) * 4 + 63) / 64 * 64);
  if (bf16)
    isa.pack_bf16(laid.data(), depth, columns, static_cast<std::uint16_t*>(packed));
  else
    isa.pack_f32(laid.data(), depth, columns, static_cast<float*>(packed));

  std::vector<float> result(std::size_t(rows) * batch * out);
  std::vector<std::uint16_t> result_half(result.size());
  GraphConv p{};
  p.self = p.skip_row = self.data();
  p.one_hop = {one.indptr.data(), one.indices.data(), one.data.data()};
  p.two_hops = {two.indptr.data(), two.indices.data(), two.data.data()};
  p.weight = packed;
  p.bias = bias.data();
  p.x = bf16 ? static_cast<const void*>(x_half.data()) : x.data();
  p.skip = bf16 ? static_cast<const void*>(skip_half.data()) : skip.data();
  p.out = bf16 ? static_cast<void*>(result_half.data()) : result.data();
  p.rows = rows, p.batch = batch, p.channels_in = in, p.channels_out = p.channels_skip = out, p.sources = sources;
  p.relu = true;
  p.project_first = project_first;
  p.part = part;
  graph_conv_cpu(isa, p, bf16);
  std::free(packed);
  if (bf16)
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = from_bf16(result_half[i]);

  std::vector<double> expected;
  for (int v = 0; v < rows; ++v)
    for (int b = 0; b < batch; ++b) {
      std::vector<double> t(3 * in, 0.0);
      for (int c = 0; c < in; ++c) {
        auto at = [&](int row) { return double(x[(std::size_t(row) * batch + b) * in + c]); };
        t[c] = at(self[v]);
        for (int e = one.indptr[v]; e < one.indptr[v + 1]; ++e) t[in + c] += double(one.data[e]) * at(one.indices[e]);
        for (int e = two.indptr[v]; e < two.indptr[v + 1]; ++e)
          t[2 * in + c] += double(two.data[e]) * at(two.indices[e]);
      }
      for (int c = 0; c < out; ++c) {
        double sum = bias[c];
        for (int k = 0; k < 3 * in; ++k) sum += t[k] * double(weight[std::size_t(k) * out + c]);
        expected.push_back(std::fmax(sum, 0.0) + double(skip[(std::size_t(self[v]) * batch + b) * out + c]));
      }
    }
  char what[96];
  std::snprintf(what, sizeof what, "graph_conv %d of %d x %d, %d to %d%s%s%s", rows, sources, batch, in, out,
                project_first ? ", projected" : "", bf16 ? ", bf16" : "", kernel.name);
  compare(what, result, expected, bf16 ? 1e-2 : 1e-5);
}

void linear_check(int batch, int inputs, int outputs, bool bf16, const Kernel& kernel) {
  const auto x = noise(std::size_t(batch) * inputs, 1), bias = noise(outputs, 1);
  auto weight = noise(std::size_t(inputs) * outputs, 0.1f);
  auto half = halves(weight);
  if (kernel.tiles) {
    half.resize(std::size_t(blocks(outputs) * kBlock * steps(inputs) * kStep));
    pack_linear_tiles(weight.data(), outputs, inputs, half.data());
  }
  if (bf16)
    for (auto& value : weight) value = from_bf16(to_bf16(value));
  std::vector<float> out(std::size_t(batch) * outputs);
  Linear p{};
  p.weight = bf16 ? static_cast<const void*>(half.data()) : weight.data();
  p.bias = bias.data();
  p.x = x.data();
  p.out = out.data();
  p.batch = batch, p.inputs = inputs, p.outputs = outputs;
  p.x_layout = plain_layout(inputs), p.out_layout = plain_layout(outputs);
  p.bf16 = bf16;
  if (kernel.tiles)
    linear_tiles_cpu(*kernel.tiles, p);
  else
    linear_cpu(p);
  std::vector<double> expected;
  for (int n = 0; n < batch; ++n)
    for (int m = 0; m < outputs; ++m) {
      double sum = bias[m];
      for (int k = 0; k < inputs; ++k) sum += double(x[n * inputs + k]) * double(weight[std::size_t(m) * inputs + k]);
      expected.push_back(sum);
    }
  char what[96];
  std::snprintf(what, sizeof what, "linear %d x %d to %d%s%s", batch, inputs, outputs, bf16 ? ", bf16" : "",
                kernel.name);
  compare(what, out, expected, 1e-5);
}

void graph_conv_checks(bool bf16, const Kernel& kernel) {
  for (bool project_first : {false, true}) {
    graph_conv_check(50, 30, 1, 64, 48, project_first, bf16, kernel);
    graph_conv_check(33, 20, 3, 37, 21, project_first, bf16, kernel);
    graph_conv_check(19, 19, 1, 5, 32, project_first, bf16, kernel);
  }
}

void report(const char* what, bool good) {
  std::printf("%-72s %s\n", what, good ? "the same in every bit" : "differ  WRONG");
  wrong += !good;
}

std::vector<float> dot(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b) {
  std::vector<float> sums(kTileRows * kTileColumns);
  EmulatedTiles tiles(full_tiles());
  tiles.load(1, a.data(), kTileBytes);
  tiles.load(2, b.data(), kTileBytes);
  tiles.dot_bf16(0, 1, 2);
  tiles.store(0, sums.data(), kTileBytes);
  return sums;
}

// The emulation has two ways to the same sums, one of them for numbers near the limits of float32.
void emulation_check() {
  constexpr std::size_t kNumbers = kTileRows * kTileDepth;
  auto a = halves(noise(kNumbers, 1)), b = halves(noise(kNumbers, 1));
  for (std::size_t i = kNumbers - kTileDepth; i < kNumbers; ++i) b[i] = 0;  // the last pairs count for nothing
  const std::vector<float> usual = dot(a, b);
  a[kTileDepth - 1] = to_bf16(1e-30f);
  report("both ways of the emulation", std::memcmp(usual.data(), dot(a, b).data(), usual.size() * sizeof(float)) == 0);

  a.assign(kNumbers, 0), b.assign(kNumbers, 0);
  a[0] = to_bf16(std::ldexp(1.0f, -70)), a[kTileDepth] = to_bf16(std::ldexp(1.0f, -50));
  b[0] = to_bf16(std::ldexp(1.0f, -60)), b[2] = 0x0001;  // the second is denormal
  a[2 * kTileDepth] = to_bf16(std::ldexp(1.0f, 100));
  const std::vector<float> small = dot(a, b);
  const bool good = small[0] == 0 && small[kTileColumns] == std::ldexp(1.0f, -110) && small[2 * kTileColumns + 1] == 0;
  report("products below the least normal number", good);
}

#ifdef MESHCAST_AMX
void tiles_check() {
  constexpr std::size_t kNumbers = kCheckCount * kTileRows * kTileColumns;
  std::vector<float> hardware(kNumbers), emulated(kNumbers);
  check_hardware_tiles(hardware.data());
  check_products<EmulatedTiles>(emulated.data());
  report("products of tiles", std::memcmp(hardware.data(), emulated.data(), kNumbers * sizeof(float)) == 0);
}
#endif

}  // namespace

int main() {
  std::printf("instructions: %s\n", graph_conv_isa_name());
  for (bool bf16 : {false, true}) {
    graph_conv_checks(bf16, kVector);
    linear_check(5, 77, 40, bf16, kVector);
  }
  for (const Kernel& kernel : kMatrix) {
    graph_conv_checks(true, kernel);
    linear_check(1, 96, 64, true, kernel);
    linear_check(6, 77, 40, true, kernel);
  }
  emulation_check();
#ifdef MESHCAST_AMX
  tiles_check();
#endif
  return wrong ? 1 : 0;
}
