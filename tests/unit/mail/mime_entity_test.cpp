#include "mail/mime_entity.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "reply/reply_reader.hpp"

namespace inforeply {
namespace {

using test::read_entity;
using test::Strings;

MimeEntity leaf(const std::string& body, const std::string& type = "text/plain") {
  return {"Content-Type: " + type + "\nContent-Transfer-Encoding: 7bit\n", body, {}, {}, {}};
}

/// The parameter `boundary` of every multipart in the text, in order.
Strings boundaries_of(std::string_view text) {
  constexpr std::string_view kMark = "\n boundary=\"";
  Strings result;
  for (auto at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at + 1)) {
    const auto begin = at + kMark.size();
    result.emplace_back(text.substr(begin, text.find('"', begin) - begin));
  }
  return result;
}

TEST(MimeEntity, ALeafIsItsFieldsAnEmptyLineAndItsBody) {
  EXPECT_EQ(write_entity(leaf("a\n"), "seed"),
            "Content-Type: text/plain\nContent-Transfer-Encoding: 7bit\n\na\n");
}

TEST(MimeEntity, PartsStandBetweenTheLinesOfTheirBoundary) {
  const std::string text = write_entity(multipart_of("mixed", {leaf("a\n"), leaf("b\n")}), "seed");
  const Strings boundaries = boundaries_of(text);
  ASSERT_EQ(boundaries.size(), 1U);
  const std::string delimiter = "--" + boundaries[0];
  const std::string fields = "\nContent-Type: text/plain\nContent-Transfer-Encoding: 7bit\n\n";
  EXPECT_EQ(text, "Content-Type: multipart/mixed;\n boundary=\"" + boundaries[0] + "\"\n\n" +
                      delimiter + fields + "a\n\n" + delimiter + fields + "b\n\n" + delimiter +
                      "--\n");
}

TEST(MimeEntity, AMultipartOfOnePartIsThatPart) {
  const MimeEntity alone = multipart_of("mixed", {leaf("a\n")});
  EXPECT_EQ(alone.multipart, "");
  EXPECT_EQ(write_entity(alone, "seed"), write_entity(leaf("a\n"), "seed"));
  const MimeEntity inner = multipart_of("alternative", {leaf("a\n"), leaf("b\n")});
  const MimeEntity outer = multipart_of("mixed", {multipart_of("related", {inner})});
  EXPECT_EQ(write_entity(outer, "seed"), write_entity(inner, "seed"));
}

TEST(MimeEntity, AMultipartKeepsItsOtherFieldsAndParameters) {
  MimeEntity entity = multipart_of("related;\n type=\"text/html\"", {leaf("a\n"), leaf("b\n")});
  entity.fields = "Content-Language: de\n";
  const auto read = read_entity(write_entity(entity, "seed"));
  EXPECT_EQ(read.names(), (Strings{"Content-Type", "Content-Language"}));
  EXPECT_TRUE(read["Content-Type"].starts_with("multipart/related; type=\"text/html\"; boundary="));
  EXPECT_EQ(read["Content-Language"], "de");
}

TEST(MimeEntity, NestedMultipartsAreReadAsTheyWereWritten) {
  const MimeEntity entity = multipart_of(
      "mixed", {multipart_of("related",
                             {multipart_of("alternative", {leaf("a\n"), leaf("b\n", "text/html")}),
                              leaf("c\n", "image/png")}),
                leaf("d\n", "application/pdf")});
  const auto read = read_entity(write_entity(entity, "seed"));
  EXPECT_EQ(read.shape(),
            "mixed(related(alternative(text/plain, text/html), image/png), application/pdf)");
  EXPECT_EQ(read.first("text/html").encoded_body, "b\n");
  EXPECT_EQ(read.first("application/pdf").encoded_body, "d\n");
}

TEST(MimeEntity, AnEmptyBodyAndOneWithoutALastLineEndStayApartFromTheBoundary) {
  const auto read = read_entity(
      write_entity(multipart_of("mixed", {leaf(""), leaf("no end"), leaf("\n")}), "seed"));
  ASSERT_EQ(read.parts.size(), 3U);
  EXPECT_EQ(read.parts[0].encoded_body, "");
  EXPECT_EQ(read.parts[1].encoded_body, "no end\n");
  EXPECT_EQ(read.parts[2].encoded_body, "\n");
}

TEST(MimeEntity, TheSameEntityAndSeedGiveTheSameOctets) {
  const MimeEntity entity = multipart_of("mixed", {leaf("a\n"), leaf("b\n")});
  EXPECT_EQ(write_entity(entity, "seed"), write_entity(entity, "seed"));
  EXPECT_NE(boundaries_of(write_entity(entity, "seed")),
            boundaries_of(write_entity(entity, "other")));
}

TEST(MimeEntity, NoBoundaryBeginsLikeAnother) {
  std::vector<MimeEntity> parts;
  for (int i = 0; i < 120; ++i)
    parts.push_back(multipart_of("mixed", {leaf("a\n"), leaf("b\n")}));
  const Strings boundaries =
      boundaries_of(write_entity(multipart_of("mixed", std::move(parts)), "seed"));
  ASSERT_EQ(boundaries.size(), 121U);
  EXPECT_EQ(std::set<std::string>(boundaries.begin(), boundaries.end()).size(), boundaries.size());
  for (const auto& boundary : boundaries) {
    EXPECT_EQ(boundary.size(), boundaries.front().size());
    EXPECT_LE(boundary.size(), 70U);  // RFC 2046, 5.1.1
  }
}

/// A boundary can be foreseen by whoever knows the seed: from 10 tries on, one is found that no
/// body holds.
TEST(MimeEntity, NoBoundaryOccursInABodyThatWasMadeToHoldIt) {
  std::string body = "harmless\n";
  for (int round = 0; round < 10; ++round) {
    const MimeEntity entity =
        multipart_of("mixed", {multipart_of("alternative", {leaf(body), leaf("b\n")}), leaf(body)});
    const std::string text = write_entity(entity, "seed");
    const Strings boundaries = boundaries_of(text);
    ASSERT_EQ(boundaries.size(), 2U);
    for (const auto& boundary : boundaries)
      ASSERT_EQ(body.find(boundary), std::string::npos) << "in round " << round;
    const auto read = read_entity(text);
    ASSERT_EQ(read.shape(), "mixed(alternative(text/plain, text/plain), text/plain)");
    EXPECT_EQ(read.parts[1].encoded_body, body);
    for (const auto& boundary : boundaries)
      body += "--" + boundary + "\n\nforged\n--" + boundary + "--\n";
  }
}

TEST(MimeEntity, ABoundaryInTheBodyOfASignedPartIsNotTakenEither) {
  const auto plain = write_entity(multipart_of("mixed", {leaf("a\n"), leaf("b\n")}), "seed");
  const std::string taken = boundaries_of(plain).at(0);
  const MimeEntity sealed =
      leaf("--x\n\n--" + taken + "\n\n--x--\n", "multipart/signed;\n boundary=\"x\"");
  const auto read = read_entity(write_entity(multipart_of("mixed", {sealed, leaf("b\n")}), "seed"));
  EXPECT_EQ(read.shape(), "mixed(multipart/signed, text/plain)");
}

TEST(MimeEntity, ATextHasTheFieldsOfItsEncoding) {
  const MimeEntity ascii = text_entity("text/plain; charset=utf-8", "a\n");
  EXPECT_EQ(ascii.fields,
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n");
  EXPECT_EQ(ascii.body, "a\n");
  const MimeEntity cyrillic = text_entity("text/html; charset=utf-8", "\u043C\u0438\u0440\n");
  EXPECT_EQ(cyrillic.fields,
            "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n");
}

}  // namespace
}  // namespace inforeply
