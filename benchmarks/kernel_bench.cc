// Distance kernels beside those of hnswlib and FAISS, at dim 128 and 768, on rows that lie in the
// first cache and on rows that come from memory in random order.
//
//     kernel_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only
//
// hnswlib is compiled for the machine's best instruction set, FAISS is Debian's generic build.
#include <benchmark/benchmark.h>
#ifdef VECDB_BENCH_FAISS
#include <faiss/utils/distances.h>
#endif
#ifdef VECDB_BENCH_HNSWLIB
#include <hnswlib/hnswlib.h>
#endif

#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "simd/distance.h"
#include "vecdb/index_spec.h"

namespace {

using vecdb::Metric;

constexpr size_t kCachedRows = 8;
constexpr size_t kMemoryBytes = 256 << 20;
constexpr size_t kBatch = 16;  // rows a graph search measures in one step

struct Rows {
  explicit Rows(const benchmark::State& state)
      : dim(static_cast<size_t>(state.range(0))),
        count(state.range(1) == 0 ? kCachedRows : kMemoryBytes / (dim * sizeof(float))),
        values((count + 1) * dim),
        ids(1 << 16) {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<float> uniform;
    for (float& value : values) value = uniform(random);
    for (uint32_t& id : ids) id = static_cast<uint32_t>(random() % count);
  }
  const float* query() const { return values.data() + count * dim; }
  const float* row(size_t i) const { return values.data() + ids[i] * dim; }

  size_t dim;
  size_t count;
  std::vector<float> values;
  std::vector<uint32_t> ids;
};

// Calls measure(rows, i) for batch after batch of ids; measure returns kBatch distances' sum.
template <typename Measure>
void Run(benchmark::State& state, Measure measure) {
  const Rows rows(state);
  size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(measure(rows, at));
    at = (at + kBatch) % rows.ids.size();
  }
  const auto distances = static_cast<int64_t>(state.iterations() * kBatch);
  state.SetItemsProcessed(distances);
  state.SetBytesProcessed(distances * static_cast<int64_t>(rows.dim * sizeof(float)));
}

void VecdbOne(benchmark::State& state, Metric metric) {
  const vecdb::simd::DistanceKernels& kernels = vecdb::simd::KernelsFor(metric);
  Run(state, [&](const Rows& rows, size_t at) {
    float sum = 0;
    for (size_t i = 0; i < kBatch; ++i)
      sum += kernels.one(rows.query(), rows.row(at + i), rows.dim);
    return sum;
  });
}

void VecdbFour(benchmark::State& state, Metric metric) {
  const vecdb::simd::DistanceKernels& kernels = vecdb::simd::KernelsFor(metric);
  Run(state, [&](const Rows& rows, size_t at) {
    float out[kBatch];
    for (size_t i = 0; i < kBatch; i += 4) {
      const float* four[] = {rows.row(at + i), rows.row(at + i + 1), rows.row(at + i + 2),
                             rows.row(at + i + 3)};
      kernels.four(rows.query(), four, rows.dim, out + i);
    }
    return out[0] + out[kBatch - 1];
  });
}

void VecdbGather(benchmark::State& state, Metric metric) {
  const vecdb::simd::DistanceKernels& kernels = vecdb::simd::KernelsFor(metric);
  Run(state, [&](const Rows& rows, size_t at) {
    float out[kBatch];
    kernels.gather(rows.query(), rows.values.data(), rows.dim, rows.ids.data() + at, kBatch,
                   std::numeric_limits<float>::infinity(), out);
    return out[0] + out[kBatch - 1];
  });
}

#ifdef VECDB_BENCH_HNSWLIB
void Hnswlib(benchmark::State& state, Metric metric) {
  const auto dim = static_cast<size_t>(state.range(0));
  hnswlib::L2Space l2(dim);
  hnswlib::InnerProductSpace ip(dim);
  hnswlib::SpaceInterface<float>& space =
      metric == Metric::kL2 ? static_cast<hnswlib::SpaceInterface<float>&>(l2) : ip;
  const auto distance = space.get_dist_func();
  const void* param = space.get_dist_func_param();
  Run(state, [&](const Rows& rows, size_t at) {
    float sum = 0;
    for (size_t i = 0; i < kBatch; ++i) sum += distance(rows.query(), rows.row(at + i), param);
    return sum;
  });
}

#endif

#ifdef VECDB_BENCH_FAISS
void Faiss(benchmark::State& state, Metric metric) {
  const auto distance = metric == Metric::kL2 ? faiss::fvec_L2sqr : faiss::fvec_inner_product;
  Run(state, [&](const Rows& rows, size_t at) {
    float sum = 0;
    for (size_t i = 0; i < kBatch; ++i) sum += distance(rows.query(), rows.row(at + i), rows.dim);
    return sum;
  });
}

#endif

void Shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"dim", "memory"})->ArgsProduct({{128, 768}, {0, 1}});
}

BENCHMARK_CAPTURE(VecdbOne, l2, Metric::kL2)->Apply(Shapes);
BENCHMARK_CAPTURE(VecdbFour, l2, Metric::kL2)->Apply(Shapes);
BENCHMARK_CAPTURE(VecdbGather, l2, Metric::kL2)->Apply(Shapes);
BENCHMARK_CAPTURE(VecdbOne, ip, Metric::kIp)->Apply(Shapes);
BENCHMARK_CAPTURE(VecdbFour, ip, Metric::kIp)->Apply(Shapes);
BENCHMARK_CAPTURE(VecdbGather, ip, Metric::kIp)->Apply(Shapes);
#ifdef VECDB_BENCH_HNSWLIB
BENCHMARK_CAPTURE(Hnswlib, l2, Metric::kL2)->Apply(Shapes);
BENCHMARK_CAPTURE(Hnswlib, ip, Metric::kIp)->Apply(Shapes);
#endif
#ifdef VECDB_BENCH_FAISS
BENCHMARK_CAPTURE(Faiss, l2, Metric::kL2)->Apply(Shapes);
BENCHMARK_CAPTURE(Faiss, ip, Metric::kIp)->Apply(Shapes);
#endif

}  // namespace
