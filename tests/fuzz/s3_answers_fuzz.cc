// What an S3 server answers: XML, and the headers and codes of errors.
//
// mode: bits 0-2 which answer is expected
#include <string>

#include "fuzz/fuzz_support.h"
#include "s3/judge.h"
#include "s3/xml_answers.h"

namespace vecdb::fuzz {
namespace {

constexpr std::string_view kToken = "the-session-token-of-the-fuzzer";
constexpr std::string_view kKey = "THEACCESSKEY";

void UseListPage(std::string_view text) {
  const auto page = s3::ParseListPage(text);
  if (!page.ok()) return;
  for (const s3::ListedObject& object : page->objects) {
    Require(!object.key.empty(), "a listed object has a key");
  }
  // Each object takes some dozens of bytes of XML.
  Require(page->objects.size() <= text.size() / 16, "a page has no more than its text holds");
}

// The first line is the request id, the rest the body.
void UseError(std::string_view text) {
  s3::Try attempt{.was_sent = true};
  attempt.answer.status = 400 + static_cast<int>(text.size() % 200);
  const size_t line = text.find('\n');
  attempt.answer.headers["x-amz-request-id"] = std::string(text.substr(0, line));
  attempt.answer.headers["x-amz-bucket-region"] = std::string(text.substr(0, line));
  attempt.answer.body = line == text.npos ? "" : std::string(text.substr(line + 1));
  const s3::Verdict verdict = s3::Judge(attempt, s3::Method::kPut, "it", kKey, kToken);
  Require(!verdict.status.ok(), "an error is one");
  const std::string message(verdict.status.message());
  Require(message.find(kToken) == message.npos && message.find(kKey) == message.npos,
          "a message holds no credentials");
}

}  // namespace
}  // namespace vecdb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  vecdb::fuzz::Input input(data, size);
  const int mode = input.Byte() & 7;
  const std::string_view text = input.rest();
  if (mode == 0) vecdb::fuzz::UseListPage(text);
  if (mode == 1) vecdb::s3::ParseUploadId(text).IgnoreError();
  if (mode == 2) vecdb::s3::IsCompleted(text);
  if (mode == 3) vecdb::s3::ParseDeleteFailures(text).IgnoreError();
  if (mode >= 4) vecdb::fuzz::UseError(text);
  return 0;
}
