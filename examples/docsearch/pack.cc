#include "docsearch/pack.h"

#include <cstring>

namespace docsearch {

void Packer::AddNumber(uint64_t number) {
  bytes_.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

void Packer::AddText(std::string_view text) {
  AddNumber(text.size());
  bytes_ += text;
}

void Packer::AddFloats(std::span<const float> floats) {
  AddNumber(floats.size());
  bytes_.append(reinterpret_cast<const char*>(floats.data()), floats.size_bytes());
}

uint64_t Unpacker::Number() {
  uint64_t number = 0;
  const std::string_view bytes = TakeBytes(sizeof(number));
  if (ok_) std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

std::string_view Unpacker::Text() { return TakeBytes(Number()); }

std::vector<float> Unpacker::Floats() {
  const uint64_t count = Number();
  if (count > rest_.size() / sizeof(float)) ok_ = false;
  if (!ok_) return {};
  std::vector<float> floats(count);
  const std::string_view bytes = TakeBytes(count * sizeof(float));
  if (count > 0) std::memcpy(floats.data(), bytes.data(), bytes.size());
  return floats;
}

std::string_view Unpacker::TakeBytes(uint64_t count) {
  if (count > rest_.size()) ok_ = false;
  if (!ok_) return {};
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

}  // namespace docsearch
