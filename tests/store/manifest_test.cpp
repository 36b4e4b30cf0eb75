#include "store/manifest.h"

#include <nlohmann/json.hpp>

#include "store/output_file.h"
#include "store_fixture.h"

namespace deadrelu {
namespace {

using namespace store_testing;

using ManifestTest = StoreTest;

TEST_F(ManifestTest, a_digest_is_sha_256) {
  std::ofstream(root_ / "abc") << "abc";
  EXPECT_EQ(sha256_of_file(root_ / "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect_input_output_error(error_of([&] { sha256_of_file(root_ / "none"); }), "No such file");
}

TEST_F(ManifestTest, it_holds_the_config_as_an_object_and_the_digests) {
  std::filesystem::create_directories(directory_);
  Manifest manifest;
  manifest.version = "1.0";
  manifest.threads = 3;
  manifest.config = "{\"model\": {\"hidden\": [1]}}";
  manifest.data_files = {{"data/a.csv", "aa11"}};
  manifest.tables = {{"runs.csv", 7, "00ff"}};
  manifest.complete = true;
  write_manifest(directory_, manifest);
  const auto json = nlohmann::json::parse(content(directory_ / "manifest.json"));
  EXPECT_EQ(json["config"]["model"]["hidden"][0], 1);
  EXPECT_EQ(json["threads"], 3);
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["data_files"][0]["path"], "data/a.csv");
  EXPECT_EQ(json["data_files"][0]["sha256"], "aa11");
  EXPECT_FALSE(json.contains("shard"));
  EXPECT_EQ(json["tables"][0]["rows"], 7);
  EXPECT_EQ(snapshot(directory_).size(), 1u);
}

TEST_F(ManifestTest, a_refreshed_one_keeps_what_an_export_does_not_know) {
  std::filesystem::create_directories(directory_);
  EXPECT_FALSE(refresh_manifest(directory_, {}));
  Manifest manifest;
  manifest.host = "here";
  manifest.shard = {1, 4};
  manifest.tables = {{"runs.csv", 7, "00ff"}};
  write_manifest(directory_, manifest);
  Manifest counts;
  counts.recorded = 9;
  counts.tables = {{"runs.csv", 9, "11ee"}};
  EXPECT_TRUE(refresh_manifest(directory_, counts));
  const auto json = nlohmann::json::parse(content(directory_ / "manifest.json"));
  EXPECT_EQ(json["host"], "here");
  EXPECT_EQ(json["shard"], "1/4");
  EXPECT_EQ(json["recorded"], 9);
  EXPECT_EQ(json["tables"][0]["sha256"], "11ee");
}

TEST_F(ManifestTest, a_directory_that_is_not_there_is_a_sentence) {
  expect_input_output_error(error_of([&] { write_manifest(directory_, {}); }), "cannot be written");
}

}  // namespace
}  // namespace deadrelu
