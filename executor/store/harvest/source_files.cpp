#include "store/harvest/source_files.h"

namespace studyctl {

std::string name_of_source(MetricSource::From from, const std::string& file) {
  switch (from) {
    case MetricSource::From::Stdout: return "stdout";
    case MetricSource::From::Stderr: return "stderr";
    case MetricSource::From::File: return file;
  }
  return file;
}

std::vector<std::string> files_of_source(const AttemptDirectory& directory, MetricSource::From from,
                                         const std::string& file) {
  switch (from) {
    case MetricSource::From::Stdout: return directory.find("stdout.log");
    case MetricSource::From::Stderr: return directory.find("stderr.log");
    case MetricSource::From::File: return directory.find(file);
  }
  return {};
}

}  // namespace studyctl
