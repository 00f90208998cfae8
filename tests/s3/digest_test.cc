#include "s3/digest.h"

#include <gtest/gtest.h>

#include "support/file_io.h"

namespace vecdb::s3 {
namespace {

using support::BytesOf;

// The examples of FIPS 180-4 and RFC 1321.
TEST(DigestTest, KnownTextsHaveTheirDigests) {
  EXPECT_EQ(*Sha256Hex(BytesOf("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(*Sha256Hex(BytesOf("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(*Md5Base64(BytesOf("abc")), "kAFQmDzST7DWlj99KOF/cg==");
}

}  // namespace
}  // namespace vecdb::s3
