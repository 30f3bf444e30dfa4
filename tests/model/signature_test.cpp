#include "model/signature.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

TEST(Signature, LeavesOutWhatDiffersFromOneFailureToTheNext) {
  EXPECT_EQ(signature_of("CUDA out of memory: tried to allocate 20.50 MiB (GPU 0; 15.78 GiB)"),
            "CUDA out of memory: tried to allocate # MiB (GPU #; # GiB)");
  EXPECT_EQ(signature_of("segfault at 0x7ffd12ab in libfoo.so.1.2.3"), "segfault at # in libfoo.so.#");
  EXPECT_EQ(signature_of("connect to 10.1.2.3:8080 failed"), "connect to # failed");
}

TEST(Signature, KeepsWhatSaysWhatWentWrong) {
  EXPECT_EQ(signature_of("SCF did not converge"), "SCF did not converge");
  EXPECT_EQ(signature_of("exit code 2: no such file"), "exit code #: no such file");
}

TEST(Signature, IsOfTheFirstLineAndShort) {
  EXPECT_EQ(signature_of("first\nsecond"), "first");
  EXPECT_LE(signature_of(std::string(10'000, 'x') + std::string(10'000, '.')).size(), 160u);
  EXPECT_EQ(signature_of(""), "");
}

TEST(Signature, TheMostFrequentComesFirst) {
  Signatures signatures;
  for (int i = 0; i < 41; ++i) signatures.add("CUDA out of memory: " + std::to_string(i) + " MiB");
  for (int i = 0; i < 3; ++i) signatures.add("NaN in step " + std::to_string(i));
  const auto shares = signatures.most_frequent(1);
  ASSERT_EQ(shares.size(), 1u);
  EXPECT_EQ(shares[0].signature, "CUDA out of memory: # MiB");
  EXPECT_EQ(shares[0].failures, 41u);
  EXPECT_EQ(signatures.total(), 44u);
}

TEST(Signature, ManyDifferentOnesTakeNoMoreMemory) {
  Signatures signatures;
  for (int i = 0; i < 5000; ++i)
    signatures.add("e" + std::string(static_cast<size_t>(i % 100), 'a') +
                   std::string(static_cast<size_t>(i / 100), 'b'));
  EXPECT_LE(signatures.most_frequent(100'000).size(), Signatures::kMost + 1);
  EXPECT_EQ(signatures.total(), 5000u);
}

}  // namespace
}  // namespace studyctl
