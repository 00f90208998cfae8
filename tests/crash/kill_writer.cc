// The program that kill_test.cc kills. Its stores are directories.
#include "crash/kill_writing.h"

int main(int argc, char** argv) {
  return vecdb::support::RunKillWriter(std::vector<std::string>(argv, argv + argc),
                                       vecdb::support::OpenUnlockedDirectory);
}
