#include "reply/reply.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/cache_records.hpp"
#include "inforeply/error.hpp"
#include "responder/responder_desk.hpp"

namespace inforeply {
namespace {

using test::Desk;
using test::expanded;
using test::fault_of;

constexpr std::size_t kMaxTextOctets = std::size_t{1024} * 1024;

Reply load_own(const std::string& file) {
  const Responder responder = load_responder(file);
  return load_reply(responder, responder.reply, responder.schedule.period_near({}));
}

struct FaultCase {
  std::string content;
  std::string fault;  ///< how it begins
};

TEST(ReplyHandle, IsTheOneSet) {
  EXPECT_EQ(Desk().reply_with_text("handle = christmas 2026\n").handle, "christmas 2026");
  EXPECT_EQ(Desk().reply_with_text("handle = " + std::string(kMaxHandleOctets, 'h') + "\n").handle,
            std::string(kMaxHandleOctets, 'h'));
}

TEST(ReplyHandle, ChangesWithWhatTheReplySays) {
  const Desk desk;
  std::set<std::string> handles = {desk.reply_with_text("").handle};
  for (const char* setting :
       {"from = a@example.org\n", "from = b@example.org\n", "reply-to = a@example.org\n",
        "subject = a\n", "subject = ${sender_name}\n", "subject = ${sender_name:-a}\n",
        "subject = ${sender_name:-b}\n", "subject = ${sender_name}:-b}\n",
        "active-from = 2026-12-24\n", "active-until = 2026-12-24\n"}) {
    EXPECT_TRUE(handles.insert(desk.reply_with_text(setting).handle).second) << setting;
  }
  desk.write("text.txt", "We are closed!\n");
  EXPECT_TRUE(handles.insert(desk.reply_with_text("").handle).second) << "another text";
  EXPECT_TRUE(handles.insert(desk.reply_with_template("\nWe are closed?\n").handle).second)
      << "template";
}

TEST(ReplyHandle, StaysWhenTheReplySaysTheSame) {
  const Desk desk;
  const std::string handle = desk.reply_with_text("subject = a\n").handle;
  for (const char* settings :
       {"subject = a\n", "# comment\n\n  subject=a", "subject = a\ninterval = 1d\n",
        "subject = a\nignore = list\n", "subject = a\naddress = b@example.org\n"}) {
    EXPECT_EQ(desk.reply_with_text(settings).handle, handle) << settings;
  }
  EXPECT_EQ(Desk().reply_with_text("subject = a\n").handle, handle) << "in another folder";
}

TEST(ReplyHandle, StaysWhenOnlyTheListsAndTheLimitChange) {
  const Desk desk;
  const std::string handle = desk.reply_with_text("").handle;
  EXPECT_EQ(desk.reply_with_text("limit = 1/1d\nnever-reply-to = @.net\n").handle, handle);
}

TEST(ReplyText, AFaultIsNamedByFileAndLine) {
  using namespace std::string_literals;
  const Desk desk;
  const std::vector<FaultCase> cases = {
      {"one\ntwo\n${nobody}\n", "text.txt:3: unknown placeholder '${nobody}'"},
      {"one\r\n${subject\n}\n", "text.txt:2: '${' without '}'"},
      {"one\ntwo \xC3\n", "text.txt:2: not UTF-8"},
      {"one\ntwo\0three\n"s, "text.txt:2: a NUL octet"},
      {"one\ntwo\rthree\n", "text.txt:2: a carriage return without a line feed"},
  };
  for (const auto& [content, fault] : cases) {
    desk.write("text.txt", content);
    EXPECT_EQ(desk.fault("text = text.txt\n").substr(0, fault.size()), fault) << content;
  }
}

TEST(ReplyText, NamesATimeOnlyWhereThereIsOne) {
  const Desk desk;
  desk.write("until.txt", "one\nuntil ${active_until}.\n");
  desk.write("from.html", "<p>\n\nfrom ${active_from}.\n");
  desk.write("until.eml",
             "Subject: x\nOrganization: a\n ${active_from}\n\nuntil ${active_until}.\n");
  const std::string no_until = "'${active_until}' without 'active-until'";
  const std::string no_from = "'${active_from}' without 'active-from'";
  const std::vector<FaultCase> cases = {
      {"text = until.txt\nactive-from = 2026-12-24\n", "until.txt:2: " + no_until},
      {"text = text.txt\nhtml = from.html\nactive-until = 2026-12-24\n", "from.html:3: " + no_from},
      {"text = text.txt\nsubject = Until ${active_until}\n", "info.conf:2: " + no_until},
      {"template = until.eml\nactive-from = 2026-12-24\n", "until.eml:5: " + no_until},
      {"template = until.eml\nactive-until = 2026-12-24\n", "until.eml:2: " + no_from},
  };
  for (const auto& [content, fault] : cases) {
    EXPECT_EQ(desk.fault(content), fault) << content;
  }
  for (const char* content : {"text = until.txt\nhtml = from.html\n", "template = until.eml\n",
                              "text = text.txt\nsubject = Until ${active_until}\n"}) {
    EXPECT_EQ(desk.fault(content + std::string("active-from = 2026-12-01\n"
                                               "active-until = 2026-12-24\n")),
              "");
  }
  desk.write("until.txt", "until ${active_until:-soon}.\n");
  EXPECT_EQ(desk.fault("text = until.txt\nsubject = From ${active_from:-}\n"), "");
}

TEST(ReplyText, HasItsLinesEndedByLineFeedsAndNoByteOrderMark) {
  const Desk desk;
  desk.write("text.txt", "\xEF\xBB\xBFone\r\ntwo\r\n");
  EXPECT_EQ(expanded(*desk.reply("text = text.txt\n").texts.front().text), "one\ntwo\n");
}

TEST(ReplyText, HoldsPlaceholders) {
  const Desk desk;
  desk.write(
      "text.txt",
      "${subject} ${sender} ${sender_name} ${recipient} ${date} ${active_from} "
      "${active_until} ${next_open} ${message_id}\n$SUBJECT, $SUBJECTS $5 $$5 $${subject} $");
  EXPECT_EQ(expanded(*desk.reply("text = text.txt\nactive-from = 2026-12-01\n"
                                 "active-until = 2026-12-24\n")
                          .texts.front()
                          .text),
            "<subject> <sender> <sender_name> <recipient> <date> <active_from> "
            "<active_until> <next_open> <message_id>\n<subject>, $SUBJECTS $5 $5 ${subject} $");
}

TEST(ReplyFiles, ANamedFileIsRelativeToTheFileThatNamesIt) {
  const Desk desk;
  desk.write("texts/closed.txt", "Closed.\n");
  EXPECT_EQ(expanded(*desk.reply("text = texts/closed.txt\n").texts.front().text), "Closed.\n");
  EXPECT_EQ(expanded(*desk.reply("text = ./texts/../texts/closed.txt\n").texts.front().text),
            "Closed.\n");
}

TEST(ReplyFiles, ANamedFileNeverLiesOutsideTheFolder) {
  const Desk desk;
  desk.write("secret.txt", "Secret.\n");
  desk.write("users/text.txt", "Text.\n");
  std::filesystem::create_symlink("../secret.txt", desk.path("users/link.txt"));
  std::filesystem::create_symlink(desk.path("secret.txt"), desk.path("users/absolute.txt"));
  std::filesystem::create_directory_symlink("..", desk.path("users/up"));
  std::filesystem::create_symlink("text.txt", desk.path("users/inside.txt"));
  for (const std::string& name :
       {std::string("../secret.txt"), desk.path("secret.txt"), std::string("link.txt"),
        std::string("absolute.txt"), std::string("up/secret.txt"), std::string("/etc/passwd")}) {
    for (const char* setting : {"text", "template"}) {
      desk.write("users/alice.conf", std::string(setting) + " = " + name + "\n");
      EXPECT_EQ(fault_of([&] { load_own(desk.path("users/alice.conf")); }),
                desk.path("users/alice.conf") + ":1: '" + name +
                    "': leads outside the folder of this file");
    }
  }
  desk.write("users/alice.conf", "text = inside.txt\n");
  EXPECT_EQ(expanded(*load_own(desk.path("users/alice.conf")).texts.front().text), "Text.\n");
}

TEST(ReplyFiles, AFileThatOthersMayWriteIsRefused) {
  const Desk desk;
  ASSERT_EQ(::chmod(desk.path("text.txt").c_str(), 0646), 0);
  EXPECT_EQ(desk.fault("text = text.txt\n"),
            "info.conf:1: 'text.txt': others may write this file (chmod o-w)");
  ASSERT_EQ(::chmod(desk.path("text.txt").c_str(), 0644), 0);
  ASSERT_EQ(::chmod(desk.path("info.conf").c_str(), 0646), 0);
  EXPECT_EQ(fault_of([&] { load_responder(desk.path("info.conf")); }),
            desk.path("info.conf") + ": others may write this file (chmod o-w)");
}

TEST(ReplyFiles, WhatIsNoRegularFileIsRefusedWithoutWaiting) {
  const Desk desk;
  ASSERT_EQ(::mkfifo(desk.path("fifo").c_str(), 0600), 0);
  std::filesystem::create_directory(desk.path("folder"));
  EXPECT_EQ(desk.fault("text = fifo\n"), "info.conf:1: 'fifo': not a regular file");
  EXPECT_EQ(desk.fault("template = folder\n"), "info.conf:1: 'folder': not a regular file");
}

TEST(ReplyFiles, AFileHasAnUpperBound) {
  const Desk desk;
  const std::string allowed = "text = text.txt\nallow-large = yes\n";
  desk.write("text.txt", std::string(kMaxReplyOctets, '\n'));
  EXPECT_EQ(desk.fault("text = text.txt\n"), "");
  desk.write("text.txt", std::string(kMaxReplyOctets + 1, '\n'));
  EXPECT_EQ(desk.fault("text = text.txt\n"),
            "info.conf:1: 'text.txt': larger than 65536 octets (see 'allow-large')");
  EXPECT_EQ(desk.fault(allowed), "");
  desk.write("text.txt", std::string(kMaxTextOctets, '\n'));
  EXPECT_EQ(desk.fault(allowed), "");
  desk.write("text.txt", std::string(kMaxTextOctets + 1, '\n'));
  EXPECT_EQ(desk.fault(allowed), "info.conf:1: 'text.txt': larger than 1048576 octets");
}

TEST(ReplyFiles, AMissingResponderFileIsAFault) {
  EXPECT_EQ(fault_of([] { load_responder("/nonexistent/info.conf"); }),
            "/nonexistent/info.conf: cannot open: No such file or directory");
}

TEST(ReplyFiles, ATextAndItsHtmlAreOneReplyInOneLanguage) {
  const Desk desk;
  desk.write("a.html", "\xEF\xBB\xBF<p>${sender}</p>\r\n");
  const Reply reply = desk.reply_with_text("html = a.html\nsubject = Closed\n");
  ASSERT_EQ(reply.texts.size(), 1U);
  EXPECT_EQ(expanded(*reply.texts[0].text), "We are closed.\n");
  EXPECT_EQ(expanded(*reply.texts[0].html), "<p><sender></p>\n");
  EXPECT_FALSE(reply.body);
  const Reply html_alone = desk.reply("html = a.html\n");
  EXPECT_FALSE(html_alone.texts.at(0).text);
  EXPECT_TRUE(html_alone.texts.at(0).html);
}

TEST(ReplyFiles, TheDefaultLanguageComesFirstTheOthersInTheOrderOfTheFile) {
  const Desk desk;
  for (const char* name : {"fr.txt", "de.txt", "de.html"})
    desk.write(name, std::string(name) + "\n");
  const Reply reply = desk.reply(
      "text.fr = fr.txt\nsubject.de = Zu\ntext.de = de.txt\nhtml.de = de.html\n"
      "subject = Closed\nlanguage = en\ntext = text.txt\n");
  ASSERT_EQ(reply.texts.size(), 3U);
  EXPECT_EQ(reply.texts[0].language, "en");
  EXPECT_EQ(reply.texts[1].language, "fr");
  EXPECT_EQ(reply.texts[2].language, "de");
  EXPECT_EQ(expanded(reply.texts[1].subject), "Closed");
  EXPECT_EQ(expanded(*reply.texts[1].text), "fr.txt\n");
  EXPECT_EQ(expanded(reply.texts[2].subject), "Zu");
  EXPECT_EQ(expanded(*reply.texts[2].html), "de.html\n");
}

TEST(ReplyFiles, AnAttachmentHasItsNameWithoutFoldersItsTypeAndItsOctets) {
  using namespace std::string_literals;
  const Desk desk;
  const std::string octets = "%PDF\0\r\n\xFF"s;
  desk.write("files/Pr\u00E9cis 2026.pdf", octets);
  desk.write("notes.txt", "caf\u00E9\r\n");
  desk.write("latin1.txt", "caf\xE9\n");
  desk.write("unknown.zzzz", "x");
  const Reply reply = desk.reply_with_text(
      "attach = files/Pr\u00E9cis 2026.pdf\nattach = notes.txt\nattach = latin1.txt\n"
      "attach = unknown.zzzz\n");
  ASSERT_EQ(reply.attachments.size(), 4U);
  EXPECT_EQ(reply.attachments[0].name, "Pr\u00E9cis 2026.pdf");
  EXPECT_EQ(reply.attachments[0].content_type, "application/pdf");
  EXPECT_EQ(reply.attachments[0].octets, octets);
  EXPECT_EQ(reply.attachments[1].content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(reply.attachments[1].octets, "caf\u00E9\r\n") << "not a line end is changed";
  EXPECT_EQ(reply.attachments[2].content_type, "text/plain") << "its charset is not known";
  EXPECT_EQ(reply.attachments[3].content_type, "application/octet-stream");
}

TEST(ReplyFiles, EveryImageThatTheHtmlShowsIsThereAndNoOther) {
  const Desk desk;
  desk.write("logo.png", "png");
  desk.write("img/map.gif", "gif");
  desk.write("a.html",
             "<img src=\"cid:logo.png\">\n<p style=\"background: url(cid:map.gif)\">\n"
             "<img src='CID:logo.png'> acid:none.png\n");
  const std::string inlined = "html = a.html\ninline = logo.png\ninline = img/map.gif\n";
  EXPECT_EQ(desk.fault(inlined), "");
  const Reply reply = desk.reply(inlined);
  ASSERT_EQ(reply.inline_images.size(), 2U);
  EXPECT_EQ(reply.inline_images[1].name, "map.gif");
  EXPECT_EQ(reply.inline_images[1].content_type, "image/gif");
  EXPECT_EQ(desk.fault("html = a.html\ninline = logo.png\n"),
            "a.html:2: no 'inline' has the image 'cid:map.gif'");
  desk.write("b.html", "<img src=\"cid:logo.png\">\n");
  EXPECT_EQ(desk.fault("html = b.html\ninline = logo.png\ninline = img/map.gif\n"),
            "info.conf:3: 'inline = img/map.gif': no HTML shows 'cid:map.gif'");
  desk.write("c.html", "<img src=cid:logo.png>\n");
  EXPECT_EQ(desk.fault("html = c.html\ninline = logo.png\n"), "");
  desk.write("d.html", "<img src=\"cid:logo\">\n");
  EXPECT_EQ(desk.fault("html = d.html\ninline = logo.png\n"),
            "d.html:1: no 'inline' has the image 'cid:logo'");
}

TEST(ReplyFiles, AnImageMayBeShownInOneLanguageAlone) {
  const Desk desk;
  desk.write("logo.png", "png");
  desk.write("a.html", "<p>Closed.</p>\n");
  desk.write("de.html", "<img src=\"cid:logo.png\">\n");
  EXPECT_EQ(desk.fault("html = a.html\nhtml.de = de.html\ninline = logo.png\n"), "");
}

TEST(ReplyFiles, AnImageHasANameThatAUrlCanHold) {
  const Desk desk;
  for (const char* name : {"a b.png", "a%20.png", "a\u00E9.png", "a<b.png", "a\"b.png"}) {
    desk.write(name, "png");
    desk.write("a.html", std::string("<img src=\"cid:") + name + "\">\n");
    const std::string setting = std::string("inline = ") + name;
    EXPECT_TRUE(desk.fault("html = a.html\n" + setting + "\n")
                    .starts_with("info.conf:2: '" + setting + "': 'cid:' can name only letters"))
        << name;
  }
  desk.write("a.png", "png");
  desk.write("b/a.png", "other");
  desk.write("a.html", "<img src=\"cid:a.png\">\n");
  EXPECT_EQ(desk.fault("html = a.html\ninline = a.png\ninline = b/a.png\n"),
            "info.conf:3: 'inline = b/a.png': 'cid:a.png' is another image already");
}

TEST(ReplyFiles, AFaultInAnyOfThemIsNamedByFileAndLine) {
  using namespace std::string_literals;
  const Desk desk;
  desk.write("a.html", "<p>\n${nobody}\n");
  desk.write("b.html", "<p>\n\n\xFF\n");
  desk.write("users/a.conf", "");
  const std::vector<FaultCase> cases = {
      {"html = a.html\n", "a.html:2: unknown placeholder '${nobody}'"},
      {"text.de = text.txt\nhtml.de = b.html\n", "b.html:3: not UTF-8"},
      {"text = text.txt\nattach = none.pdf\n", "info.conf:2: 'none.pdf': cannot open: No such"},
      {"text = text.txt\nattach = users\n", "info.conf:2: 'users': not a regular file"},
      {"text = text.txt\nattach = /etc/passwd\n", "info.conf:2: '/etc/passwd': leads outside"},
      {"text = text.txt\ntext.de = none.txt\n", "info.conf:2: 'none.txt': cannot open: No such"},
      {"text = text.txt\ntext.de = ../x.txt\n", "info.conf:2: '../x.txt': leads outside"},
      {"template = text.txt\nhtml = a.html\n", "info.conf:1: 'template' does not go with"},
  };
  for (const auto& [content, fault] : cases)
    EXPECT_EQ(desk.fault(content).substr(0, fault.size()), fault) << content;
}

TEST(ReplyFiles, EveryFaultIsFoundInOneGo) {
  const Desk desk;
  desk.write("de.txt", "${nobody}\n");
  desk.write("a.html", "\xFF\n<img src=\"cid:none.png\">\n");
  EXPECT_EQ(desk.faults("text = none.txt\nhtml = a.html\ntext.de = de.txt\nattach = none.pdf\n"),
            (std::vector<std::string>{
                "info.conf:1: 'none.txt': cannot open: No such file or directory",
                "a.html:1: not UTF-8",
                "de.txt:1: unknown placeholder '${nobody}'",
                "info.conf:4: 'none.pdf': cannot open: No such file or directory",
                "a.html:2: no 'inline' has the image 'cid:none.png'",
            }));
}

TEST(ReplyFiles, NoneIsLargeUnlessAllowed) {
  const Desk desk;
  desk.write("a.pdf", std::string(kMaxReplyOctets + 1, 'x'));
  EXPECT_EQ(desk.fault("text = text.txt\nattach = a.pdf\n"),
            "info.conf:2: 'a.pdf': larger than 65536 octets (see 'allow-large')");
  EXPECT_EQ(desk.fault("text = text.txt\nattach = a.pdf\nallow-large = yes\n"), "");
  desk.write("b.pdf", std::string(60'000, 'x'));
  EXPECT_EQ(desk.faults("text = text.txt\nattach = b.pdf\n").at(0).substr(0, 26),
            "info.conf: the reply has 8")
      << "small files may be a large reply";
}

TEST(ReplyFiles, TogetherTheyStayBelow4MiB) {
  const Desk desk;
  const std::size_t text = std::string("We are closed.\n").size();
  desk.write("a.bin", std::string(kMaxLargeReplyOctets / 2, 'x'));
  desk.write("b.bin", std::string(kMaxLargeReplyOctets / 2 - text, 'x'));
  desk.write("c.bin", "x");
  const std::string two = "text = text.txt\nallow-large = yes\nattach = a.bin\nattach = b.bin\n";
  EXPECT_EQ(desk.fault(two), "");
  EXPECT_EQ(desk.fault(two + "attach = c.bin\n"),
            "info.conf:5: 'c.bin': with the files before it larger than 4194304 octets");
  EXPECT_TRUE(desk.faults(two).at(0).starts_with("info.conf: the reply has 5"))
      << "encoded, they are larger";
  desk.write("d.bin", std::string(kMaxLargeReplyOctets + 1, 'x'));
  EXPECT_EQ(desk.fault("text = text.txt\nallow-large = yes\nattach = d.bin\n"),
            "info.conf:3: 'd.bin': larger than 4194304 octets");
}

TEST(ReplyHtml, AnImageIsNamedInMarkupAndNotInWhatPeopleRead) {
  const Desk desk;
  for (const char* html :
       {"<p>Case (CID: 5), (cid:5) or \"cid:a\" = cid:b.</p>\n", "a < b (cid:5)\n", "(cid:5",
        "<a title='>' href=x>(cid:5)</a>\n", "<style>p{}</style>(cid:5)\n", "<p don't>(cid:5)\n",
        "<img src=\"cid:\" alt=\" cid: \">\n"}) {
    desk.write("a.html", html);
    EXPECT_EQ(desk.fault("html = a.html\n"), "") << html;
  }
  for (const char* html :
       {"<img src=\"cid:5\">", "<p\n>\n<IMG alt='>' SRC = 'cid:5'>", "<img src=cid:5 alt=x>",
        "<p style=\"background:url(cid:5)\">", "<style type=x>\np{background:url('cid:5')}</style>",
        "<!--[if mso]><v:fill src=\"cid:5\"><![endif]-->", "<p don't><img src='cid:5'>"}) {
    desk.write("a.html", html);
    const std::string fault = desk.fault("html = a.html\n");
    EXPECT_TRUE(fault.ends_with(": no 'inline' has the image 'cid:5'")) << html << fault;
  }
}

TEST(ReplyHandle, ChangesWithEveryFileAndLanguage) {
  const Desk desk;
  desk.write("a.html", "<p>\n");
  desk.write("i.html", "<img src=\"cid:a.png\">\n");
  desk.write("a.png", "png");
  desk.write("b.png", "png");
  std::set<std::string> handles = {desk.reply_with_text("").handle};
  const std::vector<std::string> settings = {"html = a.html\n",
                                             "html = i.html\ninline = a.png\n",
                                             "attach = a.png\n",
                                             "attach = b.png\n",
                                             "attach = a.png\nattach = b.png\n",
                                             "text.de = text.txt\n",
                                             "html.de = a.html\n",
                                             "text.fr = text.txt\n",
                                             "text.fr = text.txt\nsubject.fr = a\n",
                                             "language = de\n"};
  for (const auto& setting : settings)
    EXPECT_TRUE(handles.insert(desk.reply_with_text(setting).handle).second) << setting;
  desk.write("a.png", "another");
  EXPECT_TRUE(handles.insert(desk.reply_with_text("attach = a.png\n").handle).second);
  EXPECT_TRUE(
      handles.insert(desk.reply_with_text("html = i.html\ninline = a.png\n").handle).second);
  desk.write("a.html", "<p>!\n");
  EXPECT_TRUE(handles.insert(desk.reply_with_text("html = a.html\n").handle).second);
  EXPECT_TRUE(handles.insert(desk.reply_with_text("text.de = a.html\n").handle).second);
}

TEST(ReplyHandle, ChangesWithAPlaceholderAndWhatItIs) {
  const Desk desk;
  std::set<std::string> handles;
  for (const char* subject : {"a", "${subject}", "${sender}", "$$subject", "$SENDER"})
    EXPECT_TRUE(
        handles.insert(desk.reply_with_text("subject = " + std::string(subject) + "\n").handle)
            .second)
        << subject;
}

TEST(ReplyHandle, StaysWhenOnlyTheQuoteTheCopyOrTheSizeChange) {
  const Desk desk;
  const std::string handle = desk.reply_with_text("").handle;
  EXPECT_EQ(desk.reply_with_text("quote = 3\nbcc = a@example.org\nallow-large = yes\n").handle,
            handle);
}

}  // namespace
}  // namespace inforeply
