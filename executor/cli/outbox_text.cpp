#include "cli/outbox_text.h"

#include "study/run_text.h"

namespace studyctl {

std::vector<std::string> left_to_tell(const Outbox::Counts& messages) {
  std::vector<std::string> lines;
  if (messages.waiting > 0)
    lines.push_back(counted(messages.waiting, "notification") +
                    " not sent yet: the next run or `studyctl serve` on this volume tries again, or "
                    "`studyctl notify --send`");
  if (messages.dead > 0)
    lines.push_back(counted(messages.dead, "notification") +
                    " given up: `studyctl notify` says why, `studyctl notify --send` tries once more");
  return lines;
}

}  // namespace studyctl
