#include "simd/byte_distance.h"

#include <algorithm>
#include <cstring>

// Vectors of unknown length cannot be kept in structs.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/byte_distance.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace vecdb::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

void ByteSquared(const uint8_t* query, size_t dim, const CodeRows& rows, uint32_t* out) {
  for (size_t i = 0; i < rows.count; ++i) {
    const uint8_t* row = rows.row(i);
    uint32_t sum = 0;
    for (size_t d = 0; d < dim; ++d) {
      const int difference = query[d] - row[d];
      sum += static_cast<uint32_t>(difference * difference);
    }
    out[i] = sum;
  }
}

void ByteDot(const int8_t* high, const int8_t* low, size_t dim, const CodeRows& rows,
             int64_t* out) {
  for (size_t i = 0; i < rows.count; ++i) {
    const uint8_t* row = rows.row(i);
    int64_t sum = 0;
    for (size_t d = 0; d < dim; ++d) sum += (256 * high[d] + low[d]) * row[d];
    out[i] = sum;
  }
}

void NibbleDot(const int8_t* high, const int8_t* low, size_t dim, const CodeRows& rows,
               int64_t* out) {
  const size_t half = (dim + 1) / 2;
  for (size_t i = 0; i < rows.count; ++i) {
    const uint8_t* row = rows.row(i);
    int64_t sum = 0;
    for (size_t d = 0; d < half; ++d) sum += (256 * high[d] + low[d]) * (row[d] & 15);
    for (size_t d = half; d < dim; ++d) sum += (256 * high[d] + low[d]) * (row[d - half] >> 4);
    out[i] = sum;
  }
}

#else

using ByteTag = hn::ScalableTag<uint8_t>;
using WordTag = hn::ScalableTag<int16_t>;
using SumTag = hn::ScalableTag<int32_t>;
using Bytes = hn::Vec<ByteTag>;
using Words = hn::Vec<WordTag>;
using Sums = hn::Vec<SumTag>;
constexpr size_t kLanes = hn::MaxLanes(ByteTag());

// The sum of a row. Some instruction sets need two vectors for it, some leave the second alone.
struct ByteSum {
  Sums sum, more;

  HWY_INLINE void AddProducts(Words a, Words b) {
    sum = hn::ReorderWidenMulAccumulate(SumTag(), a, b, sum, more);
  }
  HWY_INLINE Sums Total() const { return hn::RearrangeToOddPlusEven(sum, more); }
};

HWY_INLINE ByteSum NoByteSum() { return {hn::Zero(SumTag()), hn::Zero(SumTag())}; }

// The bytes at even and at odd places as words; for signed ones see DigitWords.
HWY_INLINE Words EvenWords(Bytes bytes) {
  return hn::And(hn::BitCast(WordTag(), bytes), hn::Set(WordTag(), int16_t{0xff}));
}
template <int kShift>
HWY_INLINE Words ShiftedWords(Bytes bytes) {
  const hn::RebindToUnsigned<WordTag> unsigned_tag;
  return hn::BitCast(WordTag(), hn::ShiftRight<kShift>(hn::BitCast(unsigned_tag, bytes)));
}
HWY_INLINE Words OddWords(Bytes bytes) { return ShiftedWords<8>(bytes); }

// 256 * high + low of the digits at even and at odd places.
struct DigitWords {
  Words even, odd;
};
HWY_INLINE DigitWords JoinDigits(Bytes high, Bytes low) {
  const Words h = hn::BitCast(WordTag(), high);
  const Words l = hn::BitCast(WordTag(), low);
  const Words upper = hn::Set(WordTag(), static_cast<int16_t>(0xff00));
  return {hn::Add(hn::ShiftLeft<8>(h), hn::ShiftRight<8>(hn::ShiftLeft<8>(l))),
          hn::Add(hn::And(h, upper), hn::ShiftRight<8>(l))};
}

// A query as one or more arrays that run along the bytes of a row. What is left of them after
// whole vectors is copied between zeros, once for all rows, so that a row may be loaded as far
// as its end lies: from kLanes before it where it is that long.
template <size_t kArrays>
struct ByteQuery {
  const uint8_t* arrays[kArrays];
  size_t row_bytes;
  size_t whole;  // bytes of a row in whole vectors
  size_t rest;   // and the others, at most kLanes
  HWY_ALIGN uint8_t tails[kArrays][kLanes];
  HWY_ALIGN uint8_t in_tail[kLanes];  // 0xff where a tail has a byte, elsewhere 0

  HWY_INLINE Bytes Load(size_t array, size_t at) const {
    return hn::LoadU(ByteTag(), arrays[array] + at);
  }
  HWY_INLINE Bytes Tail(size_t array) const { return hn::Load(ByteTag(), tails[array]); }

  // `lengths` are row_bytes or one less.
  void Prepare(size_t bytes, const size_t* lengths) {
    row_bytes = bytes;
    whole = *std::min_element(lengths, lengths + kArrays) / kLanes * kLanes;
    rest = bytes - whole;
    const size_t begin = bytes >= kLanes ? kLanes - rest : 0;
    std::memset(tails, 0, sizeof(tails));
    std::memset(in_tail, 0, sizeof(in_tail));
    std::memset(in_tail + begin, 0xff, rest);
    for (size_t i = 0; i < kArrays; ++i) {
      std::memcpy(tails[i] + begin, arrays[i] + whole, lengths[i] - whole);
    }
  }

  HWY_INLINE Bytes LoadRowTail(const uint8_t* row) const {
    if (row_bytes >= kLanes) return hn::LoadU(ByteTag(), row + row_bytes - kLanes);
    HWY_ALIGN uint8_t padded[kLanes] = {};
    std::memcpy(padded, row, row_bytes);
    return hn::Load(ByteTag(), padded);
  }
};

// What the three sums differ in: the part of the query that meets a vector of row bytes, how it
// meets them, and after how many row bytes the sum of all lanes has to leave its 32 bits.
struct SquaredForm : ByteQuery<1> {
  using Out = uint32_t;
  struct Part {
    Bytes query, kept;
  };
  static constexpr size_t kBlockBytes = kMaxByteDim;

  HWY_INLINE Part At(size_t at) const { return {Load(0, at), hn::Set(ByteTag(), 0xff)}; }
  HWY_INLINE Part AtTail() const { return {Tail(0), hn::Load(ByteTag(), in_tail)}; }
  static HWY_INLINE void Add(const Part& part, Bytes row, ByteSum& sum) {
    row = hn::And(row, part.kept);
    const Bytes difference =
        hn::Or(hn::SaturatedSub(part.query, row), hn::SaturatedSub(row, part.query));
    const Words even = EvenWords(difference);
    const Words odd = OddWords(difference);
    sum.AddProducts(even, even);
    sum.AddProducts(odd, odd);
  }
};

struct DotForm : ByteQuery<2> {
  using Out = int64_t;
  using Part = DigitWords;
  static constexpr size_t kBlockBytes = 256;  // 256 * 255 * 32768 < 2^31

  HWY_INLINE Part At(size_t at) const { return JoinDigits(Load(0, at), Load(1, at)); }
  HWY_INLINE Part AtTail() const { return JoinDigits(Tail(0), Tail(1)); }
  static HWY_INLINE void Add(const Part& part, Bytes row, ByteSum& sum) {
    sum.AddProducts(part.even, EvenWords(row));
    sum.AddProducts(part.odd, OddWords(row));
  }
};

struct NibbleForm : ByteQuery<4> {
  using Out = int64_t;
  struct Part {
    DigitWords low_bits, high_bits;
  };
  static constexpr size_t kBlockBytes = 2048;  // 2 * 2048 * 15 * 32768 < 2^31

  HWY_INLINE Part At(size_t at) const {
    return {JoinDigits(Load(0, at), Load(1, at)), JoinDigits(Load(2, at), Load(3, at))};
  }
  HWY_INLINE Part AtTail() const {
    return {JoinDigits(Tail(0), Tail(1)), JoinDigits(Tail(2), Tail(3))};
  }
  static HWY_INLINE void Add(const Part& part, Bytes row, ByteSum& sum) {
    const Words four_bits = hn::Set(WordTag(), 15);
    sum.AddProducts(part.low_bits.even, hn::And(hn::BitCast(WordTag(), row), four_bits));
    sum.AddProducts(part.low_bits.odd, hn::And(ShiftedWords<8>(row), four_bits));
    sum.AddProducts(part.high_bits.even, hn::And(ShiftedWords<4>(row), four_bits));
    sum.AddProducts(part.high_bits.odd, ShiftedWords<12>(row));
  }
};

template <class D>
HWY_INLINE hn::Vec<hn::Full128<int32_t>> AddBlocks(D tag, hn::Vec<D> sums) {
  if constexpr (hn::MaxLanes(D()) == 4) {
    return sums;
  } else {
    const hn::Half<D> half;
    return AddBlocks(half, hn::Add(hn::LowerHalf(half, sums), hn::UpperHalf(half, sums)));
  }
}

// Adds the sums of the lanes of four vectors to out[0..4).
template <typename Out>
HWY_INLINE void ReduceFour(Sums a, Sums b, Sums c, Sums d, Out* out) {
  const SumTag tag;
  const Sums ac = hn::Add(hn::InterleaveLower(tag, a, c), hn::InterleaveUpper(tag, a, c));
  const Sums bd = hn::Add(hn::InterleaveLower(tag, b, d), hn::InterleaveUpper(tag, b, d));
  const Sums abcd = hn::Add(hn::InterleaveLower(tag, ac, bd), hn::InterleaveUpper(tag, ac, bd));
  HWY_ALIGN int32_t sums[4];
  hn::Store(AddBlocks(tag, abcd), hn::Full128<int32_t>(), sums);
  for (size_t i = 0; i < 4; ++i) out[i] += static_cast<Out>(sums[i]);
}

template <class Form>
HWY_INLINE void SumFourRows(const Form& form, const uint8_t* row0, const uint8_t* row1,
                            const uint8_t* row2, const uint8_t* row3, typename Form::Out* out) {
  bool has_tail = form.rest > 0;
  size_t at = 0;
  while (at < form.whole || has_tail) {
    const size_t begin = at;
    const size_t end = std::min(form.whole, begin + Form::kBlockBytes);
    ByteSum sum0 = NoByteSum(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (; at < end; at += kLanes) {
      const typename Form::Part part = form.At(at);
      Form::Add(part, hn::LoadU(ByteTag(), row0 + at), sum0);
      Form::Add(part, hn::LoadU(ByteTag(), row1 + at), sum1);
      Form::Add(part, hn::LoadU(ByteTag(), row2 + at), sum2);
      Form::Add(part, hn::LoadU(ByteTag(), row3 + at), sum3);
    }
    if (has_tail && at == form.whole && at - begin + kLanes <= Form::kBlockBytes) {
      const typename Form::Part part = form.AtTail();
      Form::Add(part, form.LoadRowTail(row0), sum0);
      Form::Add(part, form.LoadRowTail(row1), sum1);
      Form::Add(part, form.LoadRowTail(row2), sum2);
      Form::Add(part, form.LoadRowTail(row3), sum3);
      has_tail = false;
    }
    ReduceFour(sum0.Total(), sum1.Total(), sum2.Total(), sum3.Total(), out);
  }
}

// The last group is filled up with its last row.
template <class Form>
HWY_INLINE void CompareBytes(const Form& form, const CodeRows& rows, typename Form::Out* out) {
  for (size_t i = 0; i < rows.count; i += 4) {
    const size_t last = rows.count - 1;
    typename Form::Out sums[4] = {};
    SumFourRows(form, rows.row(i), rows.row(std::min(i + 1, last)), rows.row(std::min(i + 2, last)),
                rows.row(std::min(i + 3, last)), sums);
    if (i + 4 <= rows.count) {
      std::memcpy(out + i, sums, sizeof(sums));
    } else {
      std::copy_n(sums, rows.count - i, out + i);
    }
  }
}

HWY_INLINE const uint8_t* Unsigned(const int8_t* digits) {
  return reinterpret_cast<const uint8_t*>(digits);
}

void ByteSquared(const uint8_t* query, size_t dim, const CodeRows& rows, uint32_t* out) {
  SquaredForm form;
  form.arrays[0] = query;
  form.Prepare(dim, &dim);
  CompareBytes(form, rows, out);
}

void ByteDot(const int8_t* high, const int8_t* low, size_t dim, const CodeRows& rows,
             int64_t* out) {
  DotForm form;
  form.arrays[0] = Unsigned(high);
  form.arrays[1] = Unsigned(low);
  const size_t lengths[] = {dim, dim};
  form.Prepare(dim, lengths);
  CompareBytes(form, rows, out);
}

void NibbleDot(const int8_t* high, const int8_t* low, size_t dim, const CodeRows& rows,
               int64_t* out) {
  const size_t half = (dim + 1) / 2;
  NibbleForm form;
  form.arrays[0] = Unsigned(high);
  form.arrays[1] = Unsigned(low);
  form.arrays[2] = Unsigned(high + half);
  form.arrays[3] = Unsigned(low + half);
  const size_t lengths[] = {half, half, dim - half, dim - half};
  form.Prepare(half, lengths);
  CompareBytes(form, rows, out);
}

#endif  // HWY_TARGET

const ByteKernels* ByteTable() {
  static constexpr ByteKernels kTable = {ByteSquared, ByteDot, NibbleDot};
  return &kTable;
}

}  // namespace HWY_NAMESPACE
}  // namespace vecdb::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vecdb::simd {
namespace {

HWY_EXPORT(ByteTable);

}  // namespace

const ByteKernels& HighwayByteKernels() { return *HWY_DYNAMIC_DISPATCH(ByteTable)(); }

const ByteKernels& BestByteKernels() {
  const ByteKernels* vnni = VnniByteKernels();
  return vnni != nullptr ? *vnni : HighwayByteKernels();
}

}  // namespace vecdb::simd
#endif  // HWY_ONCE
