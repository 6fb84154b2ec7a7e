#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/cache_records.hpp"
#include "inforeply/error.hpp"
#include "responder/responder_desk.hpp"

namespace inforeply {
namespace {

using std::chrono::hours;
using test::Desk;
using test::expanded;
using Strings = std::vector<std::string>;

constexpr const char* kSection = "[when prices]\nsubject-contains = price\n";

/// The settings of the only section of a file.
ReplySettings section_of(const std::string& above, const std::string& in_section) {
  const Responder responder = Desk().load(above + kSection + in_section);
  if (responder.sections.size() != 1) throw std::runtime_error("not one section");
  return responder.sections.front().reply;
}

/// The names of the files of a reply, each with its setting.
Strings files_of(const ReplySettings& reply) {
  Strings names;
  for (const auto& one : reply.languages) {
    const std::string dot = one.language.empty() ? "" : ".";
    if (one.text) names.push_back("text" + dot + one.language + "=" + one.text->name);
    if (one.html) names.push_back("html" + dot + one.language + "=" + one.html->name);
  }
  if (reply.template_file) names.push_back("template=" + reply.template_file->name);
  for (const auto& file : reply.inline_images)
    names.push_back("inline=" + file.name);
  for (const auto& file : reply.attachments)
    names.push_back("attach=" + file.name);
  return names;
}

/// The subject in a language, or "none".
std::string subject_of(const ReplySettings& reply, std::string_view language = {}) {
  const auto* one = reply.find(language);
  return one != nullptr && one->subject ? expanded(*one->subject) : "none";
}

TEST(ResponderSection, HasItsConditionsAndItsPlaceInTheFile) {
  const Responder responder = Desk().load(
      "text = text.txt\n\n[when insiders]\nsender = @example.org\nsender = a@example.net\n"
      "[ when  prices ]\nsubject-contains = price\nsubject-contains = \u4FA1\u683C\n"
      "subject-matches = ^re: \nbody-contains = how much\ntext = prices.txt\n");
  ASSERT_EQ(responder.sections.size(), 2U);
  const auto& insiders = responder.sections[0];
  EXPECT_EQ(insiders.reply.section, "insiders");
  EXPECT_EQ(insiders.reply.line, 3U);
  EXPECT_FALSE(insiders.conditions.sender.empty());
  EXPECT_TRUE(insiders.conditions.subject_contains.empty());
  const auto& prices = responder.sections[1];
  EXPECT_EQ(prices.reply.section, "prices");
  EXPECT_EQ(prices.reply.line, 6U);
  EXPECT_EQ(prices.reply.file, responder.file);
  EXPECT_EQ(prices.conditions.subject_contains, (Strings{"price", "\u4FA1\u683C"}));
  EXPECT_EQ(prices.conditions.body_contains, Strings{"how much"});
  ASSERT_EQ(prices.conditions.subject_matches.size(), 1U);
  EXPECT_EQ(prices.conditions.subject_matches.front().text(), "^re:");
  EXPECT_TRUE(prices.conditions.sender.empty());
}

TEST(ResponderSection, TakesOverWhatItDoesNotSet) {
  const ReplySettings reply = section_of(
      "text = text.txt\nattach = a.pdf\nfrom = Desk <desk@example.org>\n"
      "reply-to = reply@example.org\nsubject = Closed\ninterval = 2d\nprecedence = junk\n"
      "envelope-from = robot@example.org\nbcc = copy@example.org\nquote = 3\n"
      "allow-large = yes\nlanguage = en\n",
      "");
  EXPECT_EQ(files_of(reply), (Strings{"text=text.txt", "attach=a.pdf"}));
  EXPECT_EQ(reply.from->addr_spec, "desk@example.org");
  EXPECT_EQ(reply.reply_to->addr_spec, "reply@example.org");
  EXPECT_EQ(subject_of(reply), "Closed");
  EXPECT_EQ(reply.interval, hours(48));
  EXPECT_EQ(reply.precedence, "junk");
  EXPECT_EQ(reply.envelope_from, "robot@example.org");
  EXPECT_EQ(reply.bcc->to_string(), "copy@example.org");
  EXPECT_EQ(reply.quote.lines, 3U);
  EXPECT_TRUE(reply.allow_large);
  EXPECT_EQ(reply.default_language, "en");
}

TEST(ResponderSection, SetsAnythingOfItsReplyAnew) {
  const std::string above =
      "text = text.txt\nfrom = desk@example.org\nreply-to = reply@example.org\n"
      "subject = Closed\ninterval = 2d\nprecedence = junk\nenvelope-from = robot@example.org\n"
      "bcc = copy@example.org\nquote = 3\nallow-large = yes\n";
  const Responder responder = Desk().load(
      above + kSection +
      "from = prices@example.org\nreply-to = sales@example.org\nsubject = Prices\n"
      "interval = once\nprecedence = none\nenvelope-from = <>\nbcc = other@example.org\n"
      "quote = headers\nallow-large = no\n");
  const ReplySettings& reply = responder.sections.front().reply;
  EXPECT_EQ(reply.from->addr_spec, "prices@example.org");
  EXPECT_EQ(reply.reply_to->addr_spec, "sales@example.org");
  EXPECT_EQ(subject_of(reply), "Prices");
  EXPECT_EQ(reply.interval, std::nullopt);
  EXPECT_EQ(reply.precedence, "");
  EXPECT_EQ(reply.envelope_from, "");
  EXPECT_EQ(reply.bcc->to_string(), "other@example.org");
  EXPECT_TRUE(reply.quote.headers);
  EXPECT_EQ(reply.quote.lines, 0U);
  EXPECT_FALSE(reply.allow_large);
  const ReplySettings& own = responder.reply;
  EXPECT_EQ(own.from->addr_spec, "desk@example.org") << "a section changes nothing above it";
  EXPECT_EQ(own.interval, hours(48));
  EXPECT_EQ(subject_of(own), "Closed");
}

TEST(ResponderSection, TheDefaultIntervalOfTheKindIsItsOwnToo) {
  const std::string in_file = std::string("text = text.txt\n") + kSection;
  EXPECT_EQ(Desk().load(in_file).sections.front().reply.interval, hours(7 * 24));
  EXPECT_EQ(Desk().load("kind = service\n" + in_file).sections.front().reply.interval, hours(1));
}

TEST(ResponderSection, ReplacesAllOfTheBodyTogether) {
  const std::string above =
      "text = text.txt\nhtml = a.html\ntext.de = de.txt\nhtml.de = de.html\nlanguages = all\n"
      "language = en\ninline = a.png\nattach = a.pdf\nsubject = Closed\nsubject.de = Zu\n";
  for (const auto& [setting, files] : std::vector<std::pair<std::string, Strings>>{
           {"text = b.txt", {"text=b.txt"}},
           {"html = b.html", {"html=b.html"}},
           {"text.fr = fr.txt", {"text.fr=fr.txt"}},
           {"template = b.eml", {"template=b.eml"}},
           {"html = b.html\ninline = b.png\nattach = b.pdf\nattach = c.pdf",
            {"html=b.html", "inline=b.png", "attach=b.pdf", "attach=c.pdf"}}}) {
    const ReplySettings reply = section_of(above, setting + "\n");
    EXPECT_EQ(files_of(reply), files) << setting;
    EXPECT_FALSE(reply.all_languages) << setting;
    EXPECT_EQ(reply.default_language, "") << setting;
    EXPECT_EQ(subject_of(reply), "Closed") << setting;
    EXPECT_EQ(subject_of(reply, "de"), "none") << setting;
  }
}

TEST(ResponderSection, MayHaveAnAttachmentOrASubjectOfItsOwnWithTheSameText) {
  const std::string above =
      "text = text.txt\ntext.de = de.txt\nattach = a.pdf\nsubject = Closed\nsubject.de = Zu\n";
  const ReplySettings attached = section_of(above, "attach = b.pdf\n");
  EXPECT_EQ(files_of(attached), (Strings{"text=text.txt", "text.de=de.txt", "attach=b.pdf"}));
  EXPECT_EQ(subject_of(attached, "de"), "Zu");
  const ReplySettings titled = section_of(above, "subject = Prices\n");
  EXPECT_EQ(files_of(titled), (Strings{"text=text.txt", "text.de=de.txt", "attach=a.pdf"}));
  EXPECT_EQ(subject_of(titled), "Prices");
  EXPECT_EQ(subject_of(titled, "de"), "none") << "the subject for all would not be seen";
}

TEST(ResponderSection, MayHaveASubjectOfItsOwnInOneLanguage) {
  const ReplySettings reply = section_of(
      "text = text.txt\ntext.de = de.txt\ntext.fr = fr.txt\nsubject = Closed\nsubject.de = Zu\n"
      "subject.fr = Clos\n",
      "subject.de = Preise\n");
  EXPECT_EQ(subject_of(reply, "de"), "Preise");
  EXPECT_EQ(subject_of(reply), "Closed");
  EXPECT_EQ(subject_of(reply, "fr"), "Clos");
}

TEST(ResponderSection, ItsTemplateYieldsToAllSettingsButTheSubjectAbove) {
  const Desk desk;
  desk.write(
      "b.eml",
      "From: b@example.org\nSubject: b\nReply-To: b@example.org\nPrecedence: list\n\ntext\n");
  const auto reply = [&](const std::string& above, const std::string& in_section) {
    const Responder responder =
        desk.load("text = text.txt\n" + above + kSection + "template = b.eml\n" + in_section);
    return load_reply(responder, responder.sections.front().reply,
                      responder.schedule.period_near({}));
  };
  const std::string all =
      "from = a@example.org\nsubject = a\nreply-to = a@example.org\nprecedence = junk\n";
  const Reply below = reply(all, "");
  EXPECT_EQ(below.settings.from->addr_spec, "a@example.org");
  EXPECT_EQ(below.settings.reply_to->addr_spec, "a@example.org");
  EXPECT_EQ(below.settings.precedence, "junk");
  EXPECT_EQ(expanded(below.texts.front().subject), "b");
  EXPECT_EQ(expanded(reply(all, "subject = c\n").texts.front().subject), "c");
  EXPECT_EQ(reply("", "").settings.from->addr_spec, "b@example.org");
  EXPECT_EQ(reply("", "").settings.precedence, "list");
}

TEST(ResponderSection, ItsHandleIsTheRespondersWithItsName) {
  EXPECT_EQ(section_of("text = text.txt\nhandle = winter\n", "").handle, "winter/prices");
  EXPECT_EQ(section_of("text = text.txt\nhandle = winter\n", "handle = list\n").handle, "list");
  EXPECT_EQ(section_of("text = text.txt\n", "").handle, "");
  const std::string longest(kMaxHandleOctets - std::string("/prices").size(), 'h');
  const std::string head = "text = text.txt\nhandle = " + longest;
  EXPECT_EQ(section_of(head + "\n", "").handle, longest + "/prices");
  EXPECT_TRUE(Desk().fault(head + "h\n" + kSection).starts_with("info.conf:3: 'handle = hhh"));
}

TEST(ResponderSection, WithoutAHandleItsFilesMakeOne) {
  const Desk desk;
  desk.write("prices.txt", "Prices.\n");
  const Responder responder = desk.load("text = text.txt\n" + std::string(kSection) +
                                        "text = prices.txt\n[when same]\nsender = @example.org\n");
  const auto handle = [&](const ReplySettings& reply) {
    return load_reply(responder, reply, responder.schedule.period_near({})).handle;
  };
  EXPECT_NE(handle(responder.sections[0].reply), handle(responder.reply));
  EXPECT_EQ(handle(responder.sections[1].reply), handle(responder.reply)) << "says the same";
}

TEST(ResponderSection, AFaultIsNamedByFileAndLine) {
  const Desk desk;
  const std::string text = "text = text.txt\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[if x]\nsender = @example.org\n", "info.conf:2: unknown section '[if x]', expected"},
      {"[when]\n", "info.conf:2: unknown section '[when]', expected '[when NAME]'"},
      {"[WHEN x]\n", "info.conf:2: unknown section '[WHEN x]', expected '[when NAME]'"},
      {"[when a b]\n", "info.conf:2: '[when a b]': expected one word of at most 48 octets"},
      {"[when a/b]\n", "info.conf:2: '[when a/b]': expected one word"},
      {"[when <a>]\n", "info.conf:2: '[when <a>]': expected one word"},
      {"[when " + std::string(49, 'n') + "]\n", "info.conf:2: '[when nnn"},
      {"[when x\n", "info.conf:2: expected a section, '[when NAME]'"},
      {"[when x]\nsender = @a.org\n[when y]\nsender = @b.org\n[when x]\nsender = @c.org\n",
       "info.conf:6: '[when x]' is there already in line 2"},
      {"[when x]\nsubject = a\n", "info.conf:2: '[when x]' needs a condition: sender, "},
      {"subject-contains = a\n", "info.conf:2: 'subject-contains' stands in a section"},
      {"sender = @example.org\n", "info.conf:2: 'sender' stands in a section '[when NAME]'"},
      {"[when x]\nsender = @a.org\nkind = group\n",
       "info.conf:4: 'kind' stands above all sections"},
      {"[when x]\nlimit = 1/1d\n", "info.conf:3: 'limit' stands above all sections"},
      {"[when x]\nignore = list\n", "info.conf:3: 'ignore' stands above all sections"},
      {"[when x]\nactive-from = 2026-12-24\n", "info.conf:3: 'active-from' stands above all"},
      {"[when x]\ncolour = red\n", "info.conf:3: unknown name 'colour'"},
      {"[when x]\nsender = @-.example\n", "info.conf:3: 'sender = @-.example': expected a domain"},
      {"[when x]\nsubject-contains = \u00A0\n",
       "info.conf:3: 'subject-contains = \u00A0': expected"},
      {"[when x]\nbody-contains = \u2003 \u00A0\n", "info.conf:3: 'body-contains = "},
      {"[when x]\nsender = none\n", "info.conf:3: 'none': cannot open: No such file"},
      {"[when x]\nsubject = a\nsubject = b\n", "info.conf:4: 'subject' is set already in line 3"},
      {"[when x]\nsender = @a.org\ntext = text.txt\ntemplate = text.txt\n",
       "info.conf:5: 'template' does not go with 'text' and 'html'"},
      {"[when x]\nsender = @a.org\ninline = a.png\n", "info.conf:2: needs 'text', 'html' or"},
      {"[when x]\nsender = @a.org\nlanguages = all\n",
       "info.conf:4: 'languages = all' needs a language, such as 'text.de'"},
      {"[when x]\nsender = @a.org\nsubject.de = a\n",
       "info.conf:4: 'subject.de' without 'text.de' or 'html.de'"},
  };
  for (const auto& [content, fault] : cases)
    EXPECT_EQ(desk.fault(text + content).substr(0, fault.size()), fault) << content;
}

TEST(ResponderSection, ABrokenPatternIsFoundWhereAllIsChecked) {
  const Desk desk;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a(b", "missing )"}, {"(?<=a)b", "invalid"}, {"(a)\\1", "invalid"}};
  for (const auto& [pattern, cause] : cases) {
    const std::string setting = "subject-matches = " + pattern;
    const std::string content = std::string("text = text.txt\n") + kSection + setting + "\n";
    EXPECT_EQ(desk.fault(content), "") << "no delivery compiles what it does not ask";
    const auto faults = desk.faults(content);
    ASSERT_EQ(faults.size(), 1U) << pattern;
    const std::string head = "info.conf:4: '" + setting + "': " + cause;
    EXPECT_EQ(faults[0].substr(0, head.size()), head);
  }
}

TEST(ResponderSection, PatternsAreBoundedInLengthAndNumber) {
  const Desk desk;
  const std::string head = std::string("text = text.txt\n") + kSection;
  const std::string longest(kMaxPatternOctets, 'a');
  EXPECT_EQ(desk.fault(head + "subject-matches = " + longest + "\n"), "");
  EXPECT_EQ(desk.fault(head + "subject-matches = " + longest + "a\n"),
            "info.conf:4: 'subject-matches' is over 256 octets");
  const std::string many = test::repeated("subject-matches = a\n", 50);
  EXPECT_EQ(desk.fault(head + many + "[when others]\n" + many), "");
  EXPECT_EQ(desk.fault(head + many + "[when others]\n" + many + "subject-matches = a\n"),
            "info.conf:105: over 100 times 'subject-matches'");
}

TEST(ResponderSection, AFaultInOneLeavesTheFaultsOfTheOthersToBeFound) {
  const Desk desk;
  EXPECT_EQ(desk.faults("text = text.txt\n[when]\nkind = x\n[when a]\ncolour = red\n"
                        "sender = @a.org\ntext = none.txt\n[when b]\nsubject = b\n"),
            (Strings{"info.conf:2: unknown section '[when]', expected '[when NAME]'",
                     "info.conf:5: unknown name 'colour'",
                     "info.conf:8: '[when b]' needs a condition: sender, subject-contains, "
                     "subject-matches, body-contains or time",
                     "info.conf:7: 'none.txt': cannot open: No such file or directory"}));
}

TEST(ResponderSection, TheFilesOfItsSendersAreCheckedToo) {
  const Desk desk;
  desk.write("insiders", "@example.org\nnobody\n");
  EXPECT_EQ(desk.faults("text = text.txt\n[when insiders]\nsender = insiders\n"),
            Strings{"insiders:2: expected an address, @domain or @.domain"});
}

TEST(ResponderLanguages, AreKnownByTheirTags) {
  const Desk desk;
  const Responder responder = desk.load_with_text(
      "language = en-GB\ntext.de = de.txt\nhtml.DE = de.html\nsubject.De = Zu\n"
      "text.pt-BR = pt.txt\nlanguages = all\n");
  ASSERT_EQ(responder.reply.languages.size(), 3U);
  EXPECT_EQ(responder.reply.default_language, "en-GB");
  EXPECT_TRUE(responder.reply.all_languages);
  const auto* german = responder.reply.find("dE");
  ASSERT_NE(german, nullptr);
  EXPECT_EQ(german->language, "de");
  EXPECT_EQ(german->text->name, "de.txt");
  EXPECT_EQ(german->html->name, "de.html");
  EXPECT_EQ(expanded(*german->subject), "Zu");
  EXPECT_EQ(responder.reply.find("pt-br")->text->name, "pt.txt");
  EXPECT_EQ(responder.reply.find("fr"), nullptr);
}

TEST(ResponderLanguages, AFaultIsNamedByFileAndLine) {
  const Desk desk;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"text.d = text.txt\n", "info.conf:2: 'text.d': expected a language such as 'de' behind"},
      {"text. = text.txt\n", "info.conf:2: 'text.': expected a language"},
      {"html.de_DE = text.txt\n", "info.conf:2: 'html.de_DE': expected a language"},
      {"subject.x-private = a\n", "info.conf:2: 'subject.x-private': expected a language"},
      {"from.de = a@example.org\n", "info.conf:2: unknown name 'from.de'"},
      {"attach.de = text.txt\n", "info.conf:2: unknown name 'attach.de'"},
      {"language = german!\n", "info.conf:2: 'language = german!': expected a language such as de"},
      {"languages = de\n", "info.conf:2: 'languages = de': expected all"},
      {"languages = all\n", "info.conf:2: 'languages = all' needs a language, such as 'text.de'"},
      {"subject.de = a\n", "info.conf:2: 'subject.de' without 'text.de' or 'html.de'"},
      {"text.de = text.txt\ntext.de = text.txt\n", "info.conf:3: 'text.de' is set already in"},
      {"text.de = text.txt\ntext.DE = a.txt\n", "info.conf:3: 'text.DE' is set already in line 2"},
      {"[when x]\nsender = @a.org\ntemplate = text.txt\nlanguage = en\n",
       "info.conf:5: 'language' does not go with 'template'"},
      {"inline = text.txt\n", "info.conf:2: 'inline' needs 'html'"},
      {"quote = 21\n", "info.conf:2: 'quote = 21': expected none, headers, or a number of lines"},
      {"bcc = nobody\n", "info.conf:2: 'bcc = nobody': expected a mail address"},
  };
  for (const auto& [content, fault] : cases)
    EXPECT_EQ(desk.fault("text = text.txt\n" + content).substr(0, fault.size()), fault) << content;
  EXPECT_EQ(desk.fault("template = text.txt\nsubject.de = a\n").substr(0, 13), "info.conf:2: ");
}

TEST(ResponderLanguages, MayBeThereWithoutATextForAll) {
  const Desk desk;
  desk.write("de.txt", "Zu.\n");
  const Reply reply = desk.reply("text.de = de.txt\nsubject = Closed\n");
  ASSERT_EQ(reply.texts.size(), 1U);
  EXPECT_EQ(reply.texts[0].language, "de");
  EXPECT_EQ(expanded(reply.texts[0].subject), "Closed");
}

}  // namespace
}  // namespace inforeply
