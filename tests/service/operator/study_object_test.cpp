#include "service/operator/study_object.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "study/study_source.h"

namespace studyctl {
namespace {

using nlohmann::json;

// As a cluster shows it, after kubectl has applied it.
json an_object() {
  return json::parse(R"({"apiVersion":"studyctl.io/v1alpha1","kind":"Study","metadata":{
    "name":"water","namespace":"lab","uid":"u-1","resourceVersion":"17","generation":2,"creationTimestamp":"2026-11-23T00:00:00Z",
    "managedFields":[{}],"labels":{"team":"a"},"finalizers":["example.org/other","studyctl.io/cancel"],
    "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","note":"mine"}},
    "spec":{"sweep":{"rate":[0.00001,0.5,3,true,"1.10"]},
            "template":{"spec":{"containers":[{"name":"main","image":"i:1"}]}}},
    "status":{"observedGeneration":1,"runId":"r","state":"Running","total":5,
              "conditions":[{"type":"Accepted","status":"True","reason":"Created","message":"m","lastTransitionTime":"t"}]}})");
}

StudyObject parsed(const json& object) {
  auto change = parse_study_change(json{{"type", "ADDED"}, {"object", object}}.dump());
  EXPECT_EQ(change.kind, ObjectChange<StudyObject>::Kind::Shown);
  return change.object;
}

TEST(StudyObject, IsAManifestThatTheReaderTakes) {
  const StudyObject object = parsed(an_object());
  SentManifest sent;
  sent.text = object.manifest;
  sent.name = "water";
  const auto study = load_sent(sent);
  ASSERT_TRUE(study) << study.error().message;
  EXPECT_EQ((*study)->study().labels.at("team"), "a");
  EXPECT_EQ((*study)->repetitions(), 5u);
}

SentManifest in_namespace(const json& object) {
  SentManifest sent;
  sent.text = manifest_in_namespace(parsed(object).manifest, "team-a");
  sent.name = "water";
  return sent;
}

TEST(StudyObject, OfAnotherNamespaceIsKnownByItAndRunsThere) {
  const auto study = load_sent(in_namespace(an_object()));
  ASSERT_TRUE(study) << study.error().message;
  EXPECT_EQ((*study)->study().name, "team-a_water");
  EXPECT_EQ((*study)->study().execution.kubernetes.namespace_name, "team-a");
  EXPECT_EQ((*study)->repetitions(), 5u);
  // What is kept of it says so too.
  const auto kept = read_applied((*study)->manifest.applied_json, "kept");
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->study.name, "team-a_water");
}

TEST(StudyObject, OfAnotherNamespaceKeepsWhatItSaysOfItsPlaceToBeRefused) {
  json object = an_object();
  object["spec"]["execution"]["kubernetes"]["namespace"] = "kube-system";
  const auto study = load_sent(in_namespace(object));
  EXPECT_FALSE(study && (*study)->study().execution.kubernetes.namespace_name == "team-a");
  object["spec"]["execution"] = "broken";
  const auto broken = load_sent(in_namespace(object));
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("spec.execution"), std::string::npos) << broken.error().message;
}

TEST(StudyObject, NobodysOwnNameLooksLikeThatOfAnotherNamespace) {
  json object = an_object();
  object["metadata"]["name"] = "team-a_water";
  SentManifest sent;
  sent.text = parsed(object).manifest;
  const auto study = load_sent(sent);
  ASSERT_FALSE(study);
  EXPECT_NE(study.error().message.find("RFC 1123"), std::string::npos) << study.error().message;
}

TEST(StudyObject, KeepsNumbersAsTheyAreWritten) {
  EXPECT_NE(parsed(an_object()).manifest.find(R"([0.00001,0.5,3,true,"1.10"])"), std::string::npos)
      << parsed(an_object()).manifest;
}

TEST(StudyObject, KeepsUnknownFieldsForTheReaderToRefuse) {
  json object = an_object();
  object["spec"]["swep"] = 1;
  SentManifest sent;
  sent.text = parsed(object).manifest;
  const auto study = load_sent(sent);
  ASSERT_FALSE(study);
  EXPECT_NE(study.error().message.find("spec.swep"), std::string::npos) << study.error().message;
}

TEST(StudyObject, HasNoManifestWhereItsStatusIsOfThisGeneration) {
  json object = an_object();
  object["status"]["observedGeneration"] = 2;
  EXPECT_EQ(parsed(object).manifest, "");
}

TEST(StudyObject, IsAnotherOneWhenItsOwnAnnotationsAre) {
  json object = an_object();
  object["status"]["observedGeneration"] = 2;
  EXPECT_EQ(parsed(object).annotations_hash, "");  // those of others are no concern
  object["metadata"]["annotations"]["studyctl.io/inputs"] = "points";
  const StudyObject edited = parsed(object);
  EXPECT_NE(edited.manifest, "");
  object["status"]["observedAnnotations"] = edited.annotations_hash;
  EXPECT_EQ(parsed(object).manifest, "");
  object["metadata"]["annotations"]["studyctl.io/inputs-hash"] = "0123";
  EXPECT_NE(parsed(object).annotations_hash, edited.annotations_hash);
  EXPECT_NE(parsed(object).manifest, "");
}

TEST(StudyObject, SaysWhatIsKnownOfIt) {
  json object = an_object();
  const StudyObject shown = parsed(object);
  EXPECT_EQ(shown.uid, "u-1");
  EXPECT_EQ(shown.generation, 2);
  EXPECT_TRUE(shown.is_held());
  EXPECT_FALSE(shown.is_leaving);
  EXPECT_EQ(shown.status.run_id, "r");
  ASSERT_EQ(shown.status.conditions.size(), 1u);
  object["metadata"]["deletionTimestamp"] = "2026-11-23T00:00:00Z";
  EXPECT_TRUE(parsed(object).is_leaving);
}

TEST(StudyObject, IsLetGoWithoutTouchingWhatOthersHold) {
  const json patch = json::parse(finalizer_patch(parsed(an_object()), false));
  EXPECT_EQ(patch["metadata"]["finalizers"], json::array({"example.org/other"}));
  EXPECT_EQ(patch["metadata"]["resourceVersion"], "17");
  EXPECT_EQ(patch["metadata"]["uid"], "u-1");
}

TEST(StudyObject, TakesAwayWhatIsNoLongerSo) {
  StudyObjectStatus status;
  status.observed_generation = 2;
  status.state = "Completed";
  status.total = status.ended = 5;
  const json patch = json::parse(status_patch(parsed(an_object()), status));
  EXPECT_TRUE(patch["status"]["eta"].is_null());
  EXPECT_EQ(patch["status"]["done"], "5/5");
}

TEST(StudyObject, StaysSmallWhateverIsSaidOfIt) {
  StudyObjectStatus status;
  status.message = std::string(1u << 20, 'x');
  status.conditions.push_back({"Accepted", false, "Invalid", status.message});
  EXPECT_LT(status_patch(parsed(an_object()), status).size(), 4096u);
}

TEST(StudyObject, IsReadFromListsPageByPage) {
  json item = an_object();
  item.erase("kind");
  item.erase("apiVersion");
  const auto list = parse_study_list(
      json{{"metadata", {{"resourceVersion", "9"}, {"continue", "next"}}}, {"items", {item}}}.dump());
  ASSERT_TRUE(list);
  EXPECT_EQ(list->next, "next");
  EXPECT_EQ(list->resource_version, "9");
  ASSERT_EQ(list->objects.size(), 1u);
  EXPECT_NE(list->objects[0].manifest.find(R"("kind":"Study")"), std::string::npos);
}

TEST(StudyObject, TellsAnExpiredWatchFromABrokenOne) {
  using Kind = ObjectChange<StudyObject>::Kind;
  EXPECT_EQ(parse_study_change(R"({"type":"ERROR","object":{"code":410}})").kind, Kind::Expired);
  EXPECT_EQ(parse_study_change(R"({"type":"ERROR","object":{"code":500}})").kind, Kind::Failed);
  EXPECT_EQ(parse_study_change("torn").kind, Kind::Failed);
  const auto mark =
      parse_study_change(R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"30"}}})");
  EXPECT_EQ(mark.kind, Kind::Bookmark);
  EXPECT_EQ(mark.resource_version, "30");
}

TEST(ClusterData, IsDecodedWhereTheClusterCodesIt) {
  EXPECT_EQ(parse_secret(R"({"data":{"key":"czNjcmV0"}})").at("key"), "s3cret");
  const auto config = parse_config_map(R"({"data":{"a":"text"},"binaryData":{"b":"AAE="}})");
  EXPECT_EQ(config.at("a"), "text");
  EXPECT_EQ(config.at("b"), std::string("\0\1", 2));
}

}  // namespace
}  // namespace studyctl
