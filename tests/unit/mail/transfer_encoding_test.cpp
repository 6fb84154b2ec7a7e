#include "mail/transfer_encoding.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "fixtures.hpp"

namespace inforeply {
namespace {

using namespace std::string_literals;
using test::repeated;

TEST(TransferEncoding, TextHasTheShortestThatIsRight) {
  EXPECT_EQ(encode_text("plain\n").encoding, "7bit");
  EXPECT_EQ(encode_text("gr\u00FC\u00DFe aus der Ferne\n").encoding, "quoted-printable");
  EXPECT_EQ(encode_text(repeated("\u65E5", 50)).encoding, "base64");
  EXPECT_EQ(encode_text(std::string(999, 'x')).encoding, "quoted-printable");
}

TEST(TransferEncoding, ALineThatAMailboxChangesIsEncoded) {
  EXPECT_EQ(encode_text("a\nFrom here\n").text, "a\n=46rom here\n");
  EXPECT_EQ(encode_text("From here\n").text, "=46rom here\n");
}

TEST(TransferEncoding, TheLastLineIsEnded) {
  EXPECT_EQ(encode_text("a").text, "a\n");
  EXPECT_EQ(encode_text("").text, "");
}

TEST(TransferEncoding, Base64HasLinesOf76) {
  const std::string text = encode_base64(std::string(100, '\0'));
  EXPECT_EQ(text.find('\n'), 76U);
  EXPECT_EQ(encode_base64("\0\xFF\n"s), "AP8K\n");
  EXPECT_EQ(encode_base64(""), "");
}

TEST(TransferEncoding, DecodesWhatOthersWrite) {
  EXPECT_EQ(decode_transfer_encoding("quoted-printable", "a=3D=C3=BC  \r\nb=\r\nc= \nd"),
            "a=\u00FC\nbcd");
  EXPECT_EQ(decode_transfer_encoding("quoted-printable", "a=ZZ=4"), "a=ZZ=4");
  EXPECT_EQ(decode_transfer_encoding("base64", "aGVs\r\nbG8=\r\n"), "hello");
  EXPECT_EQ(decode_transfer_encoding("base64", "aGVs bG8"), "hello");
  EXPECT_EQ(decode_transfer_encoding("8bit", "\xFC=41"), "\xFC=41");
}

TEST(TransferEncodingProperty, WhatIsEncodedIsRestored) {
  std::mt19937 random(7);
  const std::string alphabet = "a=. \n\t\r\0>F\xC3\xBC"s;
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (auto length = random() % 300; length > 0; --length)
      text +=
          random() % 50 == 0 ? "\nFrom "s : std::string(1, alphabet[random() % alphabet.size()]);
    EXPECT_EQ(decode_transfer_encoding("base64", encode_base64(text)), text);
    const auto body = encode_text(text);
    std::string decoded = decode_transfer_encoding(body.encoding, body.text);
    if (body.encoding == "base64") {
      for (auto at = decoded.find("\r\n"); at != std::string::npos; at = decoded.find("\r\n", at))
        decoded.erase(at, 1);
    }
    const bool ended = text.empty() || text.ends_with('\n');
    EXPECT_EQ(decoded, ended ? text : text + "\n");
  }
}

TEST(QuotedPrintable, KeepsALineEndBehindBlanks) {
  EXPECT_EQ(decode_transfer_encoding("quoted-printable", "a \nb\t \nc = \nd"), "a\nb\nc d");
}

}  // namespace
}  // namespace inforeply
