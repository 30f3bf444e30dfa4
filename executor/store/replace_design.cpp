#include "store/replace_design.h"

#include "store/schema.h"

namespace studyctl {

Result<void> replace_design(const std::filesystem::path& database, const RunManifest& manifest) {
  auto studies = open_studies_for_writing(database);
  if (!studies) return std::move(studies).error();
  Result<void> done = (*studies)->run("UPDATE runs SET manifest = ?, design_hash = ? WHERE uuid = ?",
                                      to_json(manifest), manifest.design_hash, manifest.run_id);
  if (!done) return done;
  if ((*studies)->changed_rows() == 0)
    return Error{ErrorCode::NotFound, database.string() + ": has no run " + manifest.run_id};
  return {};
}

}  // namespace studyctl
