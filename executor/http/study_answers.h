#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "http/server.h"
#include "http/volume_place.h"

namespace studyctl {

// GET /api/v1/studies/{study}: kept until something that it tells of has changed, since it is what people and
// programs look at again and again.
class StudyAnswers {
 public:
  explicit StudyAnswers(VolumePlace results) : results_(std::move(results)) {}

  // Any thread.
  ApiResponse answer(const std::string& study, const ApiRequest& request);

 private:
  // With what it was made of.
  struct Kept {
    std::string stamp;
    std::string run;
    std::filesystem::path directory;
    bool is_driven = false;
    bool is_marked = false;
    std::string body;
  };
  Result<std::string> body_of(const std::string& study);
  Result<Kept> make(const std::string& study, std::string stamp) const;

  VolumePlace results_;
  std::mutex mutex_;
  std::optional<ResultsVolume> volume_;
  std::map<std::string, Kept> kept_;  // by study
};

}  // namespace studyctl
