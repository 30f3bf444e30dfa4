#include "store/reserved_journal.h"

namespace studyctl {

Result<void> ReservedJournal::commit() {
  const Timing timing(commits_);
  if (full_)
    if (auto held = reserve_.fill(); !held) return held;
  auto committed = journal_.commit();
  full_ = !committed && journal_.disk_full();
  if (full_) reserve_.release();
  return committed;
}

}  // namespace studyctl
