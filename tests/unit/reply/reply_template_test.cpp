#include "reply/reply_template.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "reply/reply.hpp"
#include "responder/responder_desk.hpp"

namespace inforeply {
namespace {

using test::Desk;
using test::expanded;
using Strings = std::vector<std::string>;

struct FaultCase {
  std::string content;
  std::string fault;  ///< how it begins
};

TEST(ReplyTemplate, IsHeaderFieldsAnEmptyLineAndTheText) {
  const Reply reply = Desk().reply_with_template(
      "From: \"Info Desk\" <info@example.org>\r\nReply-To: desk@example.org\r\n"
      "Subject: =?iso-8859-1?Q?Gr=FC=DFe:?=\r\n ${subject}\r\nPrecedence: junk\r\n"
      "Organization: For ${sender_name}\r\n\r\nDear ${sender_name},\r\n\r\nclosed.\r\n");
  EXPECT_EQ(reply.settings.from->display_name, "Info Desk");
  EXPECT_EQ(reply.settings.from->addr_spec, "info@example.org");
  EXPECT_EQ(reply.settings.reply_to->addr_spec, "desk@example.org");
  EXPECT_EQ(expanded(reply.texts.front().subject), "Gr\u00FC\u00DFe: <subject>");
  EXPECT_EQ(reply.settings.precedence, "junk");
  ASSERT_EQ(reply.extra_fields.size(), 1U);
  EXPECT_EQ(reply.extra_fields.front().name, "Organization");
  EXPECT_EQ(expanded(reply.extra_fields.front().body), "For <sender_name>");
  EXPECT_EQ(expanded(*reply.body->text), "Dear <sender_name>,\n\nclosed.\n");
}

TEST(ReplyTemplate, MayHaveNoFields) {
  const Reply reply = Desk().reply_with_template("\nText: ${date}\n\nmore\n");
  EXPECT_EQ(expanded(*reply.body->text), "Text: <date>\n\nmore\n");
  EXPECT_EQ(expanded(reply.texts.front().subject), "Auto: <subject>");
  EXPECT_EQ(reply.settings.precedence, "bulk");
}

TEST(ReplyTemplate, CannotSetTheFieldsThatTheResponderSets) {
  std::string fields;
  for (const char* name :
       {"To", "cc", "BCC", "Date", "Message-Id", "In-Reply-To", "References", "Sender",
        "auto-submitted", "Return-Path", "Received", "X-Auto-Response-Suppress", "MIME-Version"}) {
    fields += std::string(name) + ": no\n";
  }
  EXPECT_TRUE(Desk().reply_with_template(fields + "\ntext\n").extra_fields.empty());
}

TEST(ReplyTemplate, YieldsToTheSettings) {
  const Desk desk;
  desk.write(
      "reply.eml",
      "From: a@example.org\nReply-To: a@example.org\nSubject: a\nPrecedence: junk\n\ntext\n");
  const Reply reply = desk.reply(
      "template = reply.eml\nfrom = b@example.org\nreply-to = b@example.org\nsubject = b\n"
      "precedence = none\n");
  EXPECT_EQ(reply.settings.from->addr_spec, "b@example.org");
  EXPECT_EQ(reply.settings.reply_to->addr_spec, "b@example.org");
  EXPECT_EQ(expanded(reply.texts.front().subject), "b");
  EXPECT_EQ(reply.settings.precedence, "");
}

TEST(ReplyTemplate, AQuoteNeedsAPlaceInIt) {
  const Desk desk;
  const auto fault_with_type = [&](const std::string& type, const std::string& setting) {
    desk.write("reply.eml", "Content-Type: " + type + "\n\n--b\n\na\n--b--\n");
    return desk.fault("template = reply.eml\nquote = " + setting + "\n");
  };
  const std::string head = "info.conf:1: 'template = reply.eml': 'quote' ";
  for (const char* setting : {"headers", "5"}) {
    for (const char* type : {"application/pdf", "text/calendar", "multipart/signed; boundary=b"})
      EXPECT_EQ(fault_with_type(type, setting), head + "needs text/plain or text/html") << type;
    for (const char* type : {"text/plain", "TEXT/HTML", "multipart/mixed; boundary=b"})
      EXPECT_EQ(fault_with_type(type, setting), "") << type;
  }
  EXPECT_EQ(fault_with_type("application/pdf", "none"), "");
  desk.write("reply.eml",
             "Content-Type: multipart/alternative; boundary=b\n\n--b\n\na\n--b\n"
             "Content-Type: text/x-amp-html\n\na\n--b--\n");
  EXPECT_EQ(desk.fault("template = reply.eml\nquote = 5\n"),
            head + "does not go with other markup than text/html");
}

TEST(ReplyTemplate, AFaultIsNamedByFileAndLine) {
  const Desk desk;
  const std::vector<FaultCase> cases = {
      {"Subject: a\nOrganization: ${nobody}\n\ntext\n",
       "reply.eml:2: unknown placeholder '${nobody}'"},
      {"Subject: a\n b\nFrom: nobody\n\ntext\n", "reply.eml:3: 'From': expected one address"},
      {"Reply-To: a@example.org, b@example.org\n\ntext\n",
       "reply.eml:1: 'Reply-To': expected one address"},
      {"Subject: a\r\n\r\none\r\n\r\n${nobody}\r\n", "reply.eml:5: unknown placeholder"},
      {"\none\n${nobody}\n", "reply.eml:3: unknown placeholder"},
      {"Subject: a\nWe are closed.\n\ntext\n", "reply.eml:2: "},
      {test::repeated("A: 1\n", 3001) + "\ntext\n", "reply.eml:1: over 3000 header fields"},
      {"From: Desk for ${sender_name} <info@example.org>\n\ntext\n",
       "reply.eml:1: 'From': no placeholder can stand here"},
      {"Subject: a\nReply-To: =?utf-8?Q?=24{subject}?= <info@example.org>\n\ntext\n",
       "reply.eml:2: 'Reply-To': no placeholder can stand here"},
      {"Subject: a\nX-Desk: 1\nsubject: b\n\ntext\n", "reply.eml:3: a second 'subject'"},
      {"X-Desk: 1\nx-desk: 2\n\ntext\n", "reply.eml:2: a second 'x-desk'"},
      {"Subject: a\nno empty line\n", "reply.eml:1: expected header fields, an empty line"},
  };
  for (const auto& [content, fault] : cases) {
    EXPECT_EQ(desk.template_fault(content).substr(0, fault.size()), fault) << content;
  }
}

TEST(ReplyTemplate, APrecedenceIsAWordOfAscii) {
  const Desk desk;
  for (const char* body : {"b\u00FClk", "bu\x01lk"}) {
    const std::string content = "Precedence: " + std::string(body) + "\n\ntext\n";
    EXPECT_EQ(desk.template_fault(content).substr(0, 13), "reply.eml:1: ") << body;
  }
}

/// The faults of a template, without the name of the file.
Strings faults_of(std::string_view text) {
  Strings faults;
  static_cast<void>(parse_reply_template("f", text, [&](const ConfigError& fault) {
    faults.emplace_back(std::string(fault.what()).substr(2));
  }));
  return faults;
}

/// The fault that ends the reading.
std::string fault_in(std::string_view text) {
  const std::string fault =
      test::fault_of([&] { static_cast<void>(parse_reply_template("f", text, throw_fault)); });
  return fault.starts_with("f:") ? fault.substr(2) : fault;
}

TemplateEntity body_of(std::string_view text) {
  return parse_reply_template("f", text, throw_fault).body;
}

/// The text of a template with that content type and transfer encoding.
std::string text_of(const std::string& type, const std::string& encoding, const std::string& body) {
  const auto entity =
      body_of("Content-Type: " + type + "\nContent-Transfer-Encoding: " + encoding + "\n\n" + body);
  return entity.text ? expanded(*entity.text) : "no text";
}

/// `mixed(alternative(plain, html), other)`.
std::string shape_of(const TemplateEntity& entity) {
  if (entity.multipart.empty()) {
    if (!entity.text) return "binary";
    return entity.form == TextForm::kPlain  ? "plain"
           : entity.form == TextForm::kHtml ? "html"
                                            : "other";
  }
  std::string inner;
  for (const auto& part : entity.parts)
    inner += (inner.empty() ? "" : ", ") + shape_of(part);
  return entity.multipart.substr(0, entity.multipart.find(';')) + "(" + inner + ")";
}

TEST(ReplyTemplate, ATextIsDecodedFromItsCharsetAndEncoding) {
  EXPECT_EQ(text_of("text/plain; charset=iso-8859-1", "8bit", "caf\xE9\n"), "caf\u00E9\n");
  EXPECT_EQ(text_of("text/plain; charset=iso-8859-1", "quoted-printable", "caf=E9 =\nau lait\n"),
            "caf\u00E9 au lait\n");
  EXPECT_EQ(text_of("text/plain; charset=ISO-8859-1", "base64", "Y2Fm6Qo=\n"), "caf\u00E9\n");
  EXPECT_EQ(text_of("text/plain; charset=koi8-r", "8bit", "\xCD\xC9\xD2\n"),
            "\u043C\u0438\u0440\n");
  EXPECT_EQ(text_of("text/plain; charset=koi8-r", "Quoted-Printable", "=CD=C9=D2\n"),
            "\u043C\u0438\u0440\n");
  EXPECT_EQ(text_of("text/html; charset=\"windows-1252\"", "8bit", "\x80 \x93x\x94\n"),
            "\u20AC \u201Cx\u201D\n");
  EXPECT_EQ(text_of("text/html; charset=windows-1252", "base64", "gCCTeJQK\n"),
            "\u20AC \u201Cx\u201D\n");
  EXPECT_EQ(text_of("text/plain; charset=iso-2022-jp", "7bit", "\x1B$BF|K\\\x1B(B\n"),
            "\u65E5\u672C\n");
  EXPECT_EQ(text_of("text/plain; charset=iso-2022-jp", "base64", "GyRCRnxLXBsoQgo=\n"),
            "\u65E5\u672C\n");
  EXPECT_EQ(text_of("text/plain", "8bit", "caf\u00E9\n"), "caf\u00E9\n");
  EXPECT_EQ(text_of("text/plain; charset=us-ascii", "8bit", "caf\u00E9\n"), "caf\u00E9\n");
  EXPECT_EQ(text_of("text/plain; charset=utf-8", "base64", "YQ0KYg0K\n"), "a\nb\n");
}

TEST(ReplyTemplate, PlaceholdersAreFoundInADecodedText) {
  EXPECT_EQ(text_of("text/plain", "base64", "JHtzdWJqZWN0fQo=\n"), "<subject>\n");
  EXPECT_EQ(text_of("text/plain", "quoted-printable", "${sub=\nject} =24{sender}\n"),
            "<subject> <sender>\n");
  EXPECT_EQ(text_of("text/plain; charset=utf-16be", "base64", "ACQAewBkAGEAdABlAH0=\n"), "<date>");
}

TEST(ReplyTemplate, AFlowedTextIsAParagraphALine) {
  const std::string type = "text/plain; charset=utf-8; format=flowed";
  EXPECT_EQ(text_of(type, "7bit", "one \ntwo\nthree\n"), "one two\nthree\n");
  EXPECT_EQ(text_of(type + "; delsp=yes", "7bit", "on \ne\ntwo\n"), "one\ntwo\n");
  EXPECT_EQ(text_of(type + "; DelSp=No", "7bit", "on \ne\n"), "on e\n");
  EXPECT_EQ(text_of("text/plain", "7bit", "one \ntwo\n"), "one \ntwo\n");
  EXPECT_EQ(body_of("Content-Type: " + type + "; delsp=yes; x=1\n\na\n").content_type,
            "text/plain;\n x=1");
}

TEST(ReplyTemplate, ValuesAreEscapedInAnyMarkup) {
  for (const char* type : {"text/html", "text/watch-html", "text/x-amp-html", "TEXT/XML",
                           "text/vnd.example+xml", "text/x-html-safe"}) {
    EXPECT_EQ(body_of("Content-Type: " + std::string(type) + "\n\na\n").form, TextForm::kHtml)
        << type;
  }
  EXPECT_EQ(body_of("Content-Type: text/csv\n\na\n").form, TextForm::kOther);
}

TEST(ReplyTemplate, APartOfADigestIsAMessageUnlessItSaysOtherwise) {
  const auto digest = body_of(
      "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: ${subject}\n\none\n--b\n"
      "Content-Type: text/plain\n\ntwo\n--b--\n");
  ASSERT_EQ(shape_of(digest), "digest(binary, plain)");
  EXPECT_EQ(digest.parts[0].body, "Subject: ${subject}\n\none\n");
  EXPECT_EQ(digest.parts[0].fields,
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: 7bit\n");
}

TEST(ReplyTemplate, AContentFieldStandsOnceInItsPart) {
  EXPECT_EQ(fault_in("Content-Type: text/plain\nContent-type: text/html\n\na\n"),
            "2: a second 'Content-type'");
  EXPECT_EQ(fault_in("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-ID: <a>\n"
                     "Content-ID: <b>\n\na\n--b--\n"),
            "5: a second 'Content-ID'");
  EXPECT_EQ(faults_of("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-ID: <a>\n\na\n"
                      "--b\nContent-ID: <b>\n\nb\n--b--\n"),
            Strings{});
}

TEST(ReplyTemplate, FieldsThatNoReplyGetsMayStandTwice) {
  EXPECT_EQ(faults_of("Received: a\nReceived: b\nSubject: c\n\ntext\n"), Strings{});
}

TEST(ReplyTemplate, AFixedTextIsNotFlowed) {
  EXPECT_EQ(body_of("Content-Type: text/plain; format=fixed\n\na\n").form, TextForm::kOther);
  EXPECT_EQ(body_of("Content-Type: text/plain\n\na\n").form, TextForm::kPlain);
  EXPECT_EQ(body_of("\na\n").form, TextForm::kPlain);
  EXPECT_EQ(body_of("Content-Type: TEXT/HTML\n\na\n").form, TextForm::kHtml);
  EXPECT_EQ(body_of("Content-Type: text/calendar; method=REQUEST\n\na\n").form, TextForm::kOther);
  EXPECT_EQ(body_of("Content-Type: text/calendar; method=REQUEST\n\na\n").content_type,
            "text/calendar;\n method=REQUEST");
}

constexpr std::string_view kNested =
    "Subject: a\n"
    "Content-Type: multipart/mixed; boundary=\"m\"\n"
    "\n"
    "for readers without MIME: ${nobody}\n"
    "--m\n"
    "Content-Type: multipart/related; type=\"multipart/alternative\"; boundary=r\n"
    "\n"
    "--r  \n"
    "Content-Type: multipart/alternative; boundary=\"m-a\"\n"
    "Content-Language: de\n"
    "\n"
    "--m-a\n"
    "\n"
    "text ${subject}\n"
    "--m-a\n"
    "Content-Type: text/html\n"
    "\n"
    "<p>${sender}</p>\n"
    "\n"
    "--m-a--\n"
    "--r\n"
    "Content-Type: image/png\n"
    "Content-Transfer-Encoding: base64\n"
    "Content-ID: <logo>\n"
    "\n"
    "cG5n\n"
    "--r--\n"
    "--m\n"
    "Content-Type: text/plain; charset=iso-8859-1; name=\"caf\u00E9.txt\"\n"
    "Content-Disposition: attachment; filename*=utf-8''caf%C3%A9.txt\n"
    "\n"
    "${attached}\n"
    "--m--\n"
    "after: ${nobody}\n";

TEST(ReplyTemplate, MultipartsKeepTheirStructure) {
  const ReplyTemplate read = parse_reply_template("f", kNested, throw_fault);
  EXPECT_EQ(shape_of(read.body), "mixed(related(alternative(plain, html), binary), binary)");
  ASSERT_EQ(read.fields.size(), 1U);
  EXPECT_EQ(read.fields[0].name, "Subject");
  const auto& related = read.body.parts.at(0);
  EXPECT_EQ(related.multipart, "related;\n type=\"multipart/alternative\"");
  const auto& alternative = related.parts.at(0);
  EXPECT_EQ(alternative.fields, "Content-Language: de\n");
  EXPECT_EQ(expanded(*alternative.parts.at(0).text), "text <subject>");
  EXPECT_EQ(expanded(*alternative.parts.at(1).text), "<p><sender></p>\n");
  EXPECT_EQ(related.parts.at(1).fields,
            "Content-Type: image/png\nContent-Transfer-Encoding: base64\nContent-ID: <logo>\n");
  EXPECT_EQ(related.parts.at(1).body, "cG5n\n");
}

TEST(ReplyTemplate, AnAttachedTextIsKeptWithItsPlaceholders) {
  const auto attached = body_of(kNested).parts.at(1);
  EXPECT_FALSE(attached.text);
  EXPECT_EQ(attached.body, "${attached}\n");
  EXPECT_NE(
      attached.fields.find("Content-Disposition: attachment;\n filename*=utf-8''caf%C3%A9.txt"),
      std::string::npos);
  EXPECT_NE(attached.fields.find("name*=utf-8''caf%C3%A9.txt"), std::string::npos);
  EXPECT_TRUE(is_ascii(attached.fields));
}

TEST(ReplyTemplate, ABinaryPartIsSentInBase64) {
  const auto entity = body_of(
      "Content-Type: application/octet-stream\nContent-Transfer-Encoding: 8bit\n\n\xFF\xFE\n");
  EXPECT_EQ(entity.body, "//4K\n");
  EXPECT_EQ(entity.fields,
            "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n");
  const auto binary =
      body_of("Content-Type: application/x\nContent-Transfer-Encoding: binary\n\nascii\n");
  EXPECT_EQ(binary.body, "ascii\n");
  EXPECT_EQ(binary.fields, "Content-Type: application/x\nContent-Transfer-Encoding: 7bit\n");
  const auto printable = body_of(
      "Content-Type: image/svg+xml\nContent-Transfer-Encoding: quoted-printable\n\n<a=3D1>\n");
  EXPECT_EQ(printable.body, "<a=3D1>\n");
  EXPECT_EQ(printable.fields,
            "Content-Type: image/svg+xml\nContent-Transfer-Encoding: quoted-printable\n");
  const std::string long_line(1200, 'x');
  EXPECT_NE(body_of("Content-Type: application/json\n\n" + long_line + "\n")
                .fields.find("Content-Transfer-Encoding: base64"),
            std::string::npos);
}

TEST(ReplyTemplate, WhatIsSignedOrEncryptedStaysOctetForOctet) {
  const std::string sealed =
      "preamble\n--s\nContent-Type: text/plain; charset=utf-8\n"
      "Content-Transfer-Encoding: quoted-printable\n\nDear ${nobody}, =C3=A9  \n\ttab\n\n--s\n"
      "Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\n--s--\n";
  for (const std::string type :
       {"multipart/signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256; boundary=s",
        "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=s"}) {
    const auto entity = body_of("Content-Type: " + type + "\n\n" + sealed);
    EXPECT_EQ(shape_of(entity), "binary");
    EXPECT_EQ(entity.body, sealed);
    EXPECT_NE(entity.fields.find("\n boundary=s"), std::string::npos) << entity.fields;
    EXPECT_NE(entity.fields.find("\n protocol=\"application/pgp-"), std::string::npos);
    EXPECT_NE(entity.fields.find("Content-Transfer-Encoding: 7bit\n"), std::string::npos);
    const auto outer =
        body_of("Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: " + type + "\n\n" +
                sealed + "\n--m--\n");
    ASSERT_EQ(shape_of(outer), "mixed(binary)");
    EXPECT_EQ(outer.parts[0].body, sealed);
  }
}

TEST(ReplyTemplate, AMultipartWithoutItsDelimitersIsAtFaultInItsLine) {
  const std::string head = "Subject: a\nContent-Type: multipart/mixed; boundary=b\n\n";
  EXPECT_EQ(fault_in("Subject: a\nContent-Type: multipart/mixed\n\n--b\n\na\n--b--\n"),
            "4: 'multipart/mixed' without a boundary");
  EXPECT_EQ(fault_in("Content-Type: multipart/mixed; boundary=\"\"\n\n--\n"),
            "3: 'multipart/mixed' without a boundary");
  EXPECT_EQ(fault_in(head + "no part\n"), "4: no line '--b' here");
  EXPECT_EQ(fault_in(head + "--bc\n\na\n--bc--\n"), "4: no line '--b' here");
  EXPECT_EQ(fault_in(head + "--b\n\na\n"), "4: no line '--b--' ends the multipart here");
  EXPECT_EQ(fault_in(head + "--b\n\na\n--b-- x\n"), "4: no line '--b--' ends the multipart here");
  EXPECT_EQ(fault_in(head + "--b\n\na\n--b\nb\n--b--\n"),
            "8: expected a header field, 'Name: value'");
  EXPECT_EQ(fault_in(head + "--b\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\na\n"
                            "--b--\n"),
            "7: no line '--i--' ends the multipart here");
}

TEST(ReplyTemplate, AFaultInAPartIsNamedByItsLine) {
  const std::string head = "Content-Type: multipart/mixed; boundary=b\n\n--b\n";
  EXPECT_EQ(fault_in(head + "\none\n${nobody}\n--b--\n").substr(0, 33),
            "6: unknown placeholder '${nobody}");
  EXPECT_EQ(fault_in(head + "\none\n\xFF\n--b--\n"), "6: not UTF-8");
  EXPECT_EQ(fault_in(head + "Content-Type: text/html; charset=utf-8\n\none\n\xFF\n--b--\n"),
            "6: the text is not in its charset 'utf-8'");
  EXPECT_EQ(fault_in(head + "Content-Type: text/html; charset=klingon\n\none\n--b--\n"),
            "6: the text is not in its charset 'klingon'");
  EXPECT_EQ(fault_in(head + "no field\n\none\n--b--\n"),
            "4: expected a header field, 'Name: value'");
  EXPECT_EQ(fault_in(head + "Content-Type: multipart/signed; boundary=s\n\n--s\n\n\u00E9\n--s--\n"
                            "--b--\n"),
            "6: what is signed or encrypted needs to be ASCII");
  EXPECT_EQ(fault_in(head + "Content-Type: message/rfc822\n\nSubject: \u00E9\n\n--b--\n"),
            "6: an enclosed message needs to be ASCII");
  EXPECT_EQ(
      faults_of(head + "no field\n\n${nobody}\n--b\n\n\n${nowhere}\n--b--\n"),
      (Strings{"4: expected a header field, 'Name: value'", "6: unknown placeholder '${nobody}'",
               "10: unknown placeholder '${nowhere}'"}));
}

TEST(ReplyTemplate, MultipartsAreNestedAsDeepAsAMessagesAre) {
  const auto nested = [](std::size_t depth) {
    std::string text = "\na\n";
    for (std::size_t i = 0; i < depth; ++i) {
      const std::string boundary = "b" + std::to_string(i) + "x";
      text.insert(
          0, "Content-Type: multipart/mixed; boundary=" + boundary + "\n\n--" + boundary + "\n");
      text += "--" + boundary + "--\n";
    }
    return text;
  };
  EXPECT_EQ(fault_in(nested(32)), "no error");
  EXPECT_EQ(fault_in(nested(33)), "99: multiparts nested too deep");
  EXPECT_NE(fault_in(nested(3000)), "no error");
}

TEST(ReplyTemplate, AnEmptyPartIsNone) {
  const std::string head = "Content-Type: multipart/mixed; boundary=b\n\n--b\n";
  EXPECT_EQ(shape_of(body_of(head + "Content-Type: text/plain\n\n\n--b--\n")), "mixed(plain)");
  EXPECT_EQ(shape_of(body_of(head + "Content-Type: text/plain\n\n--b--\n")), "mixed(plain)");
  EXPECT_EQ(shape_of(body_of(head + "\n--b--\n")), "mixed(plain)");
}

TEST(ReplyTemplate, ATypeThatIsNoneIsAtFault) {
  for (const std::string type : {"text", ";", "t\u00E9xt/plain", "image/", "\"text/plain\""}) {
    EXPECT_EQ(fault_in("Subject: a\nContent-Type: " + type + "\n\na\n"),
              "2: 'Content-Type': expected a type such as text/plain")
        << type;
  }
}

TEST(ReplyTemplate, AFieldMayHoldEncodedWordsAndPlaceholders) {
  const Reply reply = Desk().reply_with_template(
      "X-About: =?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?Q?_f=C3=BCr?= ${sender}\n"
      "X-Raw: caf\u00E9\nContent-Description: =?koi8-r?B?zcnS?=\n\ntext\n");
  ASSERT_EQ(reply.extra_fields.size(), 2U);
  EXPECT_EQ(expanded(reply.extra_fields[0].body), "Gr\u00FC\u00DFe f\u00FCr <sender>");
  EXPECT_EQ(expanded(reply.extra_fields[1].body), "caf\u00E9");
  EXPECT_EQ(reply.body->fields, "Content-Description: =?utf-8?B?0LzQuNGA?=\n");
}

TEST(ReplyTemplate, AnAttachmentGoesWithIt) {
  const Desk desk;
  desk.write("a.pdf", "pdf");
  const Reply reply = desk.reply_with_template("\ntext\n", "attach = a.pdf\n");
  EXPECT_EQ(reply.attachments.at(0).name, "a.pdf");
  EXPECT_TRUE(reply.body);
  EXPECT_NE(reply.handle, desk.reply_with_template("\ntext\n").handle);
}

}  // namespace
}  // namespace inforeply
