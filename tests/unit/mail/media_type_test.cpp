#include "mail/media_type.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "fixtures.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;
using test::repeated;
using test::TemporaryFolder;

constexpr std::string_view kUnknown = "application/octet-stream";

/// By a table of that content.
std::string type_by(std::string_view content, std::string_view file_name) {
  const TemporaryFolder folder;
  return media_type_of(file_name, folder.write("mime.types", content));
}

TEST(MediaType, IsThatOfTheExtensionInTheTable) {
  constexpr std::string_view kTable =
      "# a comment: text/wrong pdf\n"
      "\n"
      "text/none\n"
      "application/pdf\t\t\tpdf\r\n"
      "  image/x-one  one  TWO\tthree # four\n"
      "text/last last";
  constexpr struct {
    std::string_view name, type;
  } kCases[] = {
      {"prices.pdf", "application/pdf"},
      {"PRICES.PDF", "application/pdf"},
      {"/etc/x.d/prices.pdf", "application/pdf"},
      {"prices.one.pdf", "application/pdf"},
      {".pdf", "application/pdf"},
      {"a.one", "image/x-one"},
      {"a.two", "image/x-one"},
      {"a.three", "image/x-one"},
      {"\u00FC b.last", "text/last"},
      {"a.four", kUnknown},
      {"a.comment:", kUnknown},
      {"a.text/none", kUnknown},
      {"a.thre", kUnknown},
      {"a.one two", kUnknown},
      {"a.#", kUnknown},
      {"pdf", kUnknown},
      {"a.", kUnknown},
      {"a.pdf.", kUnknown},
      {"a.pdf/b", kUnknown},
      {"a.pd\0f"sv, kUnknown},
      {"", kUnknown},
  };
  const TemporaryFolder folder;
  const auto table = folder.write("mime.types", kTable);
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(media_type_of(c.name, table), c.type);
  }
}

TEST(MediaType, IsTheFirstInTheTable) {
  EXPECT_EQ(type_by("text/one x\ntext/two x\n", "a.x"), "text/one");
  EXPECT_EQ(type_by("image/x-own png\n", "a.png"), "image/x-own");
}

TEST(MediaType, IsKnownForCommonFilesWithoutATable) {
  constexpr struct {
    std::string_view name, type;
  } kCases[] = {
      {"a.png", "image/png"},       {"a.jpg", "image/jpeg"},    {"a.jpeg", "image/jpeg"},
      {"a.gif", "image/gif"},       {"a.svg", "image/svg+xml"}, {"a.webp", "image/webp"},
      {"a.PDF", "application/pdf"}, {"a.html", "text/html"},    {"a.txt", "text/plain"},
      {"a.csv", "text/csv"},        {"a.ics", "text/calendar"}, {"a.vcf", "text/vcard"},
      {"a.zip", "application/zip"}, {"a.odt", kUnknown},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(media_type_of(c.name, "/nonexistent/mime.types"), c.type);
    EXPECT_EQ(type_by("text/other other\n", c.name), c.type);
  }
}

TEST(MediaType, IsNoneThatMustNotBeInBase64) {
  constexpr std::string_view kTable =
      "message/rfc822 eml\nMESSAGE/partial part\nmultipart/mixed mixed\nMultipart/Related mht\n"
      "messages/x x\n";
  for (const auto name : {"a.eml"sv, "a.part"sv, "a.mixed"sv, "a.mht"sv})
    EXPECT_EQ(type_by(kTable, name), kUnknown) << name;
  EXPECT_EQ(type_by(kTable, "a.x"), "messages/x");
}

TEST(MediaType, IsWellFormed) {
  for (const auto line : {"text x"sv, "text/ x"sv, "/plain x"sv, "text/a/b x"sv, "text/plain; x"sv,
                          "text/pl\u00E4in x"sv, "text/\"a\" x"sv, "te(x)t/plain x"sv,
                          "text/a\x01 x"sv, "text/a\0 x"sv, "text/a\x0B x"sv}) {
    SCOPED_TRACE(testing::PrintToString(line));
    EXPECT_EQ(type_by(line, "a.x"), kUnknown);
    EXPECT_EQ(type_by(std::string(line) + "\ntext/good x\n", "a.x"), "text/good");
  }
  const std::string longest(127, 'x');
  EXPECT_EQ(type_by(longest + "/" + longest + " x", "a.x"), longest + "/" + longest);
  EXPECT_EQ(type_by("x" + longest + "/x x", "a.x"), kUnknown);
  EXPECT_EQ(type_by("x/x" + longest + " x", "a.x"), kUnknown);
}

TEST(MediaType, DoesWithoutATableThatIsNoTrustworthyFile) {
  const TemporaryFolder folder;
  const auto writable = folder.write("writable", "text/wrong pdf\n");
  std::filesystem::permissions(writable, std::filesystem::perms{0666});
  EXPECT_EQ(media_type_of("a.pdf", writable), "application/pdf");
  const auto fifo = folder.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(media_type_of("a.pdf", fifo), "application/pdf");
  EXPECT_EQ(media_type_of("a.pdf", folder.path()), "application/pdf");
}

TEST(MediaType, ReadsATableOfUpToOneMebibyte) {
  const std::string line = "text/own pdf\n";
  const std::string largest = repeated("\n", (1U << 20U) - line.size()) + line;
  EXPECT_EQ(type_by(largest, "a.pdf"), "text/own");
  EXPECT_EQ(type_by("\n" + largest, "a.pdf"), "application/pdf");
  EXPECT_EQ(type_by("text/x " + repeated("y ", 500'000), "a.pdf"), "application/pdf");
}

}  // namespace
}  // namespace inforeply
