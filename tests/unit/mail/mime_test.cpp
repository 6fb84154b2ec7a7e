#include "mail/mime.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fixtures.hpp"
#include "mail/message.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;
using test::repeated;

using Parts = std::vector<std::string>;

/// Every part as "name of its first field: body|content", or "|content" without a field.
Parts parts_of(std::string_view text) {
  const Message message = parse_message(text);
  Parts result;
  for (const auto& part : find_mime_parts(message.header, message.body)) {
    const auto& fields = part.header.fields;
    result.push_back((fields.empty() ? "" : fields.front().name + ": " + fields.front().body) +
                     "|" + std::string(part.content));
  }
  return result;
}

/// Of a message with that Content-Type and body.
Parts parts_of(std::string_view type, std::string_view body) {
  return parts_of("Content-Type: " + std::string(type) + "\n\n" + std::string(body));
}

TEST(MimeParts, StandBetweenDelimiterLines) {
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b",
                     "preamble\n--b\nA: 1\n\none\ntwo\n--b\nB: 2\n\nthree\n--b--\nepilogue\n"),
            (Parts{"A: 1|one\ntwo", "B: 2|three"}));
}

TEST(MimeParts, AreSeenWithEveryLineEnd) {
  const std::string text =
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nA: 1\n\none\n--b\nB: 2\n\ntwo\n--b--\n";
  for (const std::string_view line_end : {"\n"sv, "\r\n"sv, "\r"sv}) {
    std::string changed;
    for (const char c : text) {
      changed += c == '\n' ? std::string(line_end) : std::string(1, c);
    }
    SCOPED_TRACE(testing::PrintToString(line_end));
    EXPECT_EQ(parts_of(changed), (Parts{"A: 1|one", "B: 2|two"}));
  }
}

TEST(MimeParts, HaveABoundaryHoweverItIsWritten) {
  const struct {
    std::string_view parameter, delimiter;
  } cases[] = {
      {"boundary=b", "--b"},
      {"BOUNDARY=b", "--b"},
      {" boundary = b ", "--b"},
      {"x=y; boundary=b; z=\"boundary=c\"", "--b"},
      {"x=\"; boundary=c\"; boundary=b", "--b"},
      {"(boundary=c) boundary=(c)b", "--b"},
      {"boundary=\"a b;c\"", "--a b;c"},
      {"boundary=\"a\\\"b\"", "--a\"b"},
      {"boundary=\"=_Part(1)?\"", "--=_Part(1)?"},
      {"boundary=\"--b\"", "----b"},
      {"boundary=b", "--b \t"},
      {"boundary*=utf-8''b%20c", "--b c"},
      {"boundary*0=b; boundary*1=c", "--bc"},
      {"boundary=c; boundary*=utf-8''b", "--b"},
      {"boundary=b; boundary*=utf-8''c", "--b"},
      {"boundary=c; boundary=b", "--b"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.parameter);
    const std::string delimiter(c.delimiter);
    EXPECT_EQ(parts_of("multipart/mixed; " + std::string(c.parameter),
                       delimiter + "\nA: 1\n\none\n" + delimiter + "\n\ntwo\n"),
              (Parts{"A: 1|one", "|two\n"}));
  }
}

TEST(MimeParts, AreFoundInAMultipartOfAnyName) {
  for (const auto type : {"multipart/x-unknown"sv, "MULTIPART/Mixed"sv, "multipart / mixed"sv,
                          "(c) multipart/report"sv, "multipart/"sv}) {
    SCOPED_TRACE(type);
    EXPECT_EQ(parts_of(std::string(type) + "; boundary=b", "--b\n\none\n"), Parts{"|one\n"});
  }
  for (const auto type : {"text/plain"sv, "multipart"sv, "xmultipart/mixed"sv, "message/rfc822"sv,
                          "text/plain; x=multipart/mixed"sv, ""sv}) {
    SCOPED_TRACE(type);
    EXPECT_EQ(parts_of(std::string(type) + "; boundary=b", "--b\n\none\n"), Parts{});
  }
}

TEST(MimeParts, AreNoneWithoutABoundaryOrWithAnEndlessOne) {
  EXPECT_EQ(parts_of("multipart/mixed", "--\n\none\n"), Parts{});
  EXPECT_EQ(parts_of("multipart/mixed; boundary=", "--\n\none\n"), Parts{});
  EXPECT_EQ(parts_of("multipart/mixed; boundary=\"\"", "--\n\none\n"), Parts{});
  const std::string longest(200, 'b');
  EXPECT_EQ(parts_of("multipart/mixed; boundary=" + longest, "--" + longest + "\n\none").size(),
            1U);
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b" + longest, "--b" + longest + "\n\none").size(),
            0U);
}

TEST(MimeParts, AreNotBegunByLinesThatOnlyLookAlike) {
  EXPECT_EQ(
      parts_of("multipart/mixed; boundary=b",
               "--b\n\n --b\n>--b\n-b\n--bb\n--B\n--b -\n--b---\n-- b\nx--b\n--b--x\n--\none\n"),
      Parts{"| --b\n>--b\n-b\n--bb\n--B\n--b -\n--b---\n-- b\nx--b\n--b--x\n--\none\n"});
}

TEST(MimeParts, MayHaveABoundaryThatBeginsAnother) {
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b",
                     "--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\nA: 1\n\none\n"
                     "--bb--\n--b\nB: 2\n\ntwo\n--b--\n"),
            (Parts{"Content-Type: multipart/alternative; boundary=bb|", "A: 1|one", "B: 2|two"}));
  EXPECT_EQ(parts_of("multipart/mixed; boundary=bb",
                     "--bb\nContent-Type: multipart/alternative; boundary=b\n\n--b\nA: 1\n\none\n"
                     "--b--\n--bb\nB: 2\n\ntwo\n--bb--\n"),
            (Parts{"Content-Type: multipart/alternative; boundary=b|", "A: 1|one", "B: 2|two"}));
}

constexpr auto kNested =
    "--a\nContent-Type: multipart/alternative; boundary=b\n\nin between\n--b\nA: 1\n\none\n"
    "--b\nB: 2\n\ntwo\n"sv;

TEST(MimeParts, ComeWithTheMultipartBeforeWhatIsInIt) {
  const Parts expected{"Content-Type: multipart/alternative; boundary=b|in between", "A: 1|one",
                       "B: 2|two", "C: 3|three"};
  for (const auto close : {"--b--\n--a\n"sv, "--a\n"sv, "--b--\nepilogue\n--a\n"sv}) {
    SCOPED_TRACE(close);
    EXPECT_EQ(parts_of("multipart/mixed; boundary=a",
                       std::string(kNested) + std::string(close) + "C: 3\n\nthree\n--a--\n"),
              expected);
  }
}

TEST(MimeParts, TellWhichMultipartHoldsThem) {
  const auto message =
      parse_message("Content-Type: multipart/digest; boundary=a\n\n" + std::string(kNested) +
                    "--a\nContent-Type: multipart/related; "
                    "boundary=c\n\n--c\n\nthree\n--b\n\nlate\n--a\n\nfour\n");
  using Holder = std::pair<std::optional<std::size_t>, Multipart>;
  std::vector<Holder> holders;
  for (const auto& part : find_mime_parts(message.header, message.body))
    holders.emplace_back(part.holder, part.holder_type);
  const Holder message_itself(std::nullopt, Multipart::kDigest);
  const Holder alternative(0, Multipart::kAlternative);
  EXPECT_EQ(holders,
            (std::vector<Holder>{message_itself, alternative, alternative, message_itself,
                                 Holder(3, Multipart::kOther), alternative, message_itself}));
}

TEST(MimeParts, EndAtAClosingLineButMayGoOnBehindIt) {
  EXPECT_EQ(parts_of("multipart/mixed; boundary=a", std::string(kNested) + "--a--\nepilogue\n"),
            (Parts{"Content-Type: multipart/alternative; boundary=b|in between", "A: 1|one",
                   "B: 2|two"}));
  const std::string behind = "--a--\n--b\nC: 3\n\nthree\n--a\nD: 4\n\nfour\n";
  EXPECT_EQ(parts_of("multipart/mixed; boundary=a", std::string(kNested) + behind).size(), 5U);
}

TEST(MimeParts, AreNotHiddenByADelimiterOfAnotherContentType) {
  for (const auto line : {"--z"sv, "--z--"sv}) {
    for (const std::string added : {"multipart/mixed; boundary=z", "multipart/mixed; boundary=a"}) {
      const std::string body = std::string(kNested) + std::string(line) + "\n--b\n" +
                               std::string(line) + "\nC: 3\n\nthree\n--a--\n";
      const auto message = parse_message("Content-Type: " + added +
                                         "\nContent-Type: multipart/mixed; boundary=a\n\n" + body);
      const auto parts = find_mime_parts(message.header, message.body);
      SCOPED_TRACE(added + std::string(line));
      EXPECT_TRUE(std::any_of(parts.begin(), parts.end(), [](const MimePart& part) {
        return part.header.find("C") != nullptr;
      }));
    }
  }
}

TEST(MimeParts, ReachToTheEndWhereNothingClosesThem) {
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b", "--b\nA: 1\n\none"), Parts{"A: 1|one"});
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b", "--b\nA: 1\n\none\n"), Parts{"A: 1|one\n"});
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b", "--b\nA: 1\n"), Parts{"A: 1|"});
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b", "--b\nA: 1"), Parts{"A: 1|"});
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b", "--b\n"), Parts{"|"});
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b", "--b"), Parts{"|"});
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b", "--b--"), Parts{});
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b", ""), Parts{});
}

TEST(MimeParts, MayBeEmptyOrNothingButAHeader) {
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b",
                     "--b\n\n--b\n--b\nA: 1\n--b\nB: 2\n\n\n--b--\n--b\n\nnone\n"),
            (Parts{"|", "|", "A: 1|", "B: 2|", "|none\n"}));
}

TEST(MimeParts, TakeTheLineEndBeforeADelimiterForItsOwn) {
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b", "--b\r\n\r\none\r\n\r\n--b--\r\n"),
            Parts{"|one\r\n"});
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b", "--b\n\none\r\n--b--\n"), Parts{"|one"});
}

TEST(MimeParts, OfAnEmbeddedMessageAreNotThisOnes) {
  EXPECT_EQ(parts_of("multipart/mixed; boundary=a",
                     "--a\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; "
                     "boundary=b\n\n--b\nA: 1\n\none\n--b--\n--a--\n")
                .size(),
            1U);
  EXPECT_EQ(parts_of("message/rfc822",
                     "Content-Type: multipart/mixed; boundary=b\n\n--b\nA: 1\n\none\n--b--\n"),
            Parts{});
}

TEST(MimeParts, AreFoundByEveryContentTypeThatAMessageHas) {
  for (const auto* types :
       {"Content-Type: multipart/mixed; boundary=a\nContent-Type: multipart/mixed; boundary=b\n",
        "Content-Type: multipart/mixed; boundary=b\nContent-Type: multipart/mixed; boundary=a\n",
        "Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\n"
        "content-type: multipart/mixed; boundary=b\nContent-Type: multipart/mixed; boundary=a\n"}) {
    SCOPED_TRACE(types);
    EXPECT_EQ(parts_of(std::string(types) + "\n--a--\n--b\nA: 1\n\none\n--b--\n"),
              Parts{"A: 1|one"});
    EXPECT_EQ(parts_of(std::string(types) + "\n--a\nA: 1\n\none\n--b\nB: 2\n\ntwo\n--b--\n"),
              (Parts{"A: 1|one", "B: 2|two"}));
  }
}

TEST(MimeParts, AreOpenedToABoundedDepth) {
  std::string body;
  std::string type = "multipart/mixed; boundary=b0";
  constexpr std::size_t kLevels = 2 * kMaxMimeDepth;
  for (std::size_t level = 0; level < kLevels; ++level) {
    const std::string number = std::to_string(level);
    body += "--b" + number + "\nContent-Type: multipart/mixed; boundary=b" +
            std::to_string(level + 1) + "\n\n";
  }
  EXPECT_EQ(parts_of(type, body).size(), kMaxMimeDepth);
  // What comes behind the deep ones is seen again.
  EXPECT_EQ(parts_of(type, body + "--b3\nA: 1\n\none\n").back(), "A: 1|one\n");
}

TEST(MimeParts, BehindWhatIsKeptOfABodyAreNotSeen) {
  const auto parts_behind = [](std::size_t octets) {
    const std::string filler = "--b\n\n" + std::string(octets - 6, 'x') + "\n";
    return parts_of("multipart/mixed; boundary=b", filler + "--b\nA: 1\n\none\n").size();
  };
  EXPECT_EQ(parts_behind(kMaxBodyOctets - 100), 2U);
  EXPECT_EQ(parts_behind(kMaxBodyOctets), 1U);
}

TEST(MimeParts, AreFoundInLinearTime) {
  // As many delimiters and lines that look like one as fit.
  constexpr std::size_t kMany = 5'000;
  std::string types;
  for (std::size_t i = 0; i < kMany; ++i) {
    types += "Content-Type: multipart/mixed; boundary=" + std::to_string(i) + "\n";
  }
  ASSERT_LT(types.size(), kMaxHeaderOctets);
  for (const auto line : {"--\n"sv, "--0\n"sv, "----\n"sv, "--4999\n"sv, "-- \r\r\r\n"sv}) {
    SCOPED_TRACE(testing::PrintToString(line));
    const auto body = repeated(line, kMaxBodyOctets / line.size());
    EXPECT_LE(parts_of(types + "\n" + body).size(), kMaxBodyOctets / line.size());
  }
  const auto body = repeated("--b\nContent-Type: multipart/mixed; boundary=b\n\n", 1'300);
  EXPECT_EQ(parts_of("multipart/mixed; boundary=b", body).size(), 1'300U);
}

}  // namespace
}  // namespace inforeply
