// The program that ceph_kill_test.cc kills. Its stores are prefixes of the bucket that the
// environment names.
#include "crash/kill_writing.h"
#include "s3/ceph_settings.h"

int main(int argc, char** argv) {
  return vecdb::support::RunKillWriter(std::vector<std::string>(argv, argv + argc),
                                       vecdb::s3::OpenCephPrefix);
}
