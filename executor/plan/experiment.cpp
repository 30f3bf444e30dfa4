#include "plan/experiment.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "plan/json_text.h"
#include "plan/variant.h"

namespace studyctl {
namespace {

constexpr size_t kLongestSlug = 40;
constexpr size_t kIdentityDigits = 16;

// What a piece that refers to a parameter becomes; null when it is something else, or nothing has the name.
const std::string* parameter_text(const TextTemplate::Piece& piece, const Point& point) {
  constexpr std::string_view kScope = "params.";
  if (!piece.is_reference || !piece.text.starts_with(kScope)) return nullptr;
  const Value* value = point.find(std::string_view(piece.text).substr(kScope.size()));
  if (piece.fallback && (value == nullptr || value->text.empty())) return &*piece.fallback;
  return value == nullptr ? nullptr : &value->text;
}

// A text that cannot be taken apart is refused before anything runs; until then it stands for itself.
TextTemplate template_of(const std::string& text) {
  Result<TextTemplate> parsed = TextTemplate::parse(text);
  return parsed ? *std::move(parsed) : TextTemplate::of_text(text);
}

bool is_slug_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::vector<const StudyFile*> files_by_path(const std::vector<StudyFile>& files) {
  std::vector<const StudyFile*> sorted;
  for (const StudyFile& file : files) sorted.push_back(&file);
  std::sort(sorted.begin(), sorted.end(),
            [](const StudyFile* a, const StudyFile* b) { return a->path < b->path; });
  return sorted;
}

Identifier::Identifier(const Study& study, const Inputs& inputs) : inputs_(&inputs) {
  study_.pod = study.pod;
  study_.files = study.files;
  study_.checkpoint_path = study.checkpoint_path;
  study_.overrides = study.overrides;
  for (const StudyFile* file : files_by_path(study_.files)) {
    if (!file->from_file.empty()) input_paths_.push_back(template_of(file->from_file));
  }
}

const TextTemplate& Identifier::executed(const Point& point) const {
  std::vector<size_t> overrides = matching_overrides(study_, point);
  const auto known = executed_.find(overrides);
  if (known != executed_.end()) return known->second;
  const std::string json = executed_json(study_, variant_of(study_, overrides).pod);
  return executed_.emplace(std::move(overrides), template_of(json)).first->second;
}

std::string Identifier::canonical_json(const Point& point) const {
  std::string json = "{\"executes\":";
  for (const TextTemplate::Piece& piece : executed(point).pieces()) {
    const std::string* text = parameter_text(piece, point);
    json += text == nullptr ? piece.source : json_escaped(*text);
  }
  json += ",\"inputs\":[";
  for (size_t i = 0; i < input_paths_.size(); ++i) {
    std::string path;
    for (const TextTemplate::Piece& piece : input_paths_[i].pieces()) {
      const std::string* text = parameter_text(piece, point);
      path += text == nullptr ? piece.text : *text;
    }
    const auto input = inputs_->find(path);
    json += (i == 0 ? "" : ",") + json_string(input == inputs_->end() ? path : input->second);
  }
  return json + "],\"parameters\":" + canonical_parameters(point) + "}";
}

ExperimentIdentity Identifier::of(const Point& point) const {
  const std::string identity = sha256_hex(canonical_json(point));
  return {identity, slug_of(point) + "-" + identity.substr(0, kIdentityDigits)};
}

uint64_t Identifier::fingerprint(const Point& point) const {
  return sha256_prefix(canonical_json(point));
}

std::string slug_of(const Point& point) {
  std::string slug;
  const auto add = [&slug](char c) {
    if (slug.size() < kLongestSlug && (c != '-' || (!slug.empty() && slug.back() != '-'))) slug += c;
  };
  for (const auto& [name, value] : point.parameters) {
    add('-');
    for (const char c : lower(std::string_view(value.text).substr(0, kLongestSlug * 4))) {
      add(is_slug_character(c) ? c : '-');
    }
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "experiment" : slug;
}

uint32_t repetition_seed(uint64_t study_seed, const Point& point, uint32_t cycle) {
  const std::string digest = sha256_hex(std::to_string(study_seed) + "\n" + canonical_parameters(point) +
                                        "\n" + std::to_string(cycle));
  return static_cast<uint32_t>(std::stoul(digest.substr(0, 8), nullptr, 16)) >> 1;
}

std::string canonical_parameters(const Point& point) {
  std::vector<const std::pair<std::string, Value>*> sorted;
  for (const auto& parameter : point.parameters) sorted.push_back(&parameter);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  std::string json = "{";
  for (const auto* parameter : sorted) {
    if (json.size() > 1) json += ',';
    json += json_string(parameter->first) + ":" + json_value(parameter->second);
  }
  return json + "}";
}

}  // namespace studyctl
