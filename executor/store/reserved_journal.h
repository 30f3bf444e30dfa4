#pragma once

#include "base/metrics.h"
#include "store/journal.h"
#include "store/reserve.h"

namespace studyctl {

// A journal whose volume keeps blocks aside: a full disk gives them free, so that what says so can be
// written, and nothing is committed again before they are held again. So they are never spent on going on.
class ReservedJournal final : public Journal {
 public:
  // `journal` must outlive it. `commits`: how long each takes, in seconds.
  ReservedJournal(Journal& journal, Reserve reserve, Histogram commits = {})
      : journal_(journal), reserve_(std::move(reserve)), commits_(commits) {}

  void append(const Event& event) override { journal_.append(event); }
  Result<void> commit() override;
  bool disk_full() const override { return full_; }
  Result<void> replay(const std::function<void(const Event&)>& visit) override {
    return journal_.replay(visit);
  }

 private:
  Journal& journal_;
  Reserve reserve_;
  Histogram commits_;
  bool full_ = false;
};

}  // namespace studyctl
