#include <gtest/gtest.h>

#include "drafts.hpp"

namespace inforeply {
namespace {

using test::contains;
using test::fault_of;
using test::LeftOut;
using test::settings_of;

const std::string kAddress = "kim@ora.com";

struct Reading {
  Draft draft;
  std::vector<std::string> left_out;
};

Reading read_message(const std::string& message, const std::optional<Source>& forward = {},
                     const std::optional<Source>& listing = {}) {
  LeftOut left_out;
  auto draft =
      read_vacation(kAddress, {".vacation.msg", message}, forward, listing, left_out.handler());
  return {std::move(draft), left_out.lines()};
}

TEST(ReadVacation, TakesTheMessageApart) {
  const auto reading = read_message(
      "From: kim@ora.com (Kim Dent)\nSubject: Away:\n $SUBJECT\nPrecedence: bulk\n\n"
      "I read \"$SUBJECT\" for $5.\n");
  EXPECT_EQ(settings_of(reading.draft),
            "from = kim@ora.com (Kim Dent)\nsubject = Away: ${subject}\n");
  EXPECT_EQ(reading.draft.body, "I read \"${subject}\" for $$5.\n");
  EXPECT_TRUE(reading.left_out.empty());
}

TEST(ReadVacation, MakesATemplateOfOtherFieldsAndTypes) {
  const auto fields =
      read_message("Subject: Away\nOrganization: Ora for $5\nCc: x@y.example\n\nHi\n");
  EXPECT_TRUE(fields.draft.is_template);
  EXPECT_EQ(fields.draft.body, "Subject: Away\nOrganization: Ora for $$5\n\nHi\n");
  EXPECT_EQ(settings_of(fields.draft), "");
  ASSERT_EQ(fields.left_out.size(), 1U);
  EXPECT_TRUE(fields.left_out.front().starts_with(".vacation.msg:3: 'Cc'"));
  EXPECT_TRUE(
      read_message("Content-Type: text/plain; charset=iso-8859-1\n\nHi\n").draft.is_template);
  EXPECT_FALSE(
      read_message("Content-Type: text/plain; charset=\"utf-8\"\n\nHi\n").draft.is_template);
}

TEST(ReadVacation, TakesATextAsTheUtf8ThatItIs) {
  const auto plain = read_message("Content-Type: text/plain; charset=iso-8859-1\n\nfür\n");
  EXPECT_FALSE(plain.draft.is_template);
  EXPECT_EQ(plain.draft.body, "für\n");
  EXPECT_EQ(
      read_message("X-A: b\nContent-Type: text/plain; charset=iso-8859-1\n\nfür\n").draft.body,
      "X-A: b\n\nfür\n");
  EXPECT_TRUE(contains(
      fault_of([] { read_message("Content-Type: text/html; charset=iso-8859-1\n\n<p>für</p>\n"); }),
      ".vacation.msg:3: the text is UTF-8"));
}

/// A message of these parts.
std::string mixed(const std::string& parts) {
  return "Content-Type: multipart/mixed; boundary=\"b\"\n\nPreamble $1\n" + parts +
         "--b--\nEpilogue $2\n";
}

TEST(ReadVacation, FillsInOnlyTheTextsOfAMultipart) {
  const std::string kept =
      "--b\nContent-Type: application/x-sh; name=\"$x\"\n\necho $HOME $SUBJECT\n"
      "--b\nContent-Type: text/x-sh\nContent-Disposition:\n attachment; filename=x\n\n$1\n"
      "--b\nContent-Type: message/rfc822\n\nSubject: $2\n\n$3\n"
      "--b\nContent-Type: application/x-b\nContent-Transfer-Encoding: base64\n\nJHt4fQ==\n";
  const auto inner = [](const std::string& dollar) {
    return "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nFor " + dollar +
           "5\n--c\nContent-Type: text/html\n\n<p>" + dollar + "</p>\n--c--\n";
  };
  const auto draft = read_message("Subject: $SUBJECT\n" + mixed(inner("$") + kept)).draft;
  EXPECT_TRUE(draft.is_template);
  EXPECT_EQ(draft.body, "Subject: ${subject}\n" + mixed(inner("$$") + kept));
}

TEST(ReadVacation, RefusesAPartThatItCannotFillIn) {
  const std::pair<std::string, const char*> cases[] = {
      {mixed("--b\nContent-Transfer-Encoding: base64\n\nJHtzZW5kZXJ9\n"), "in base64"},
      {mixed("--b\nContent-Transfer-Encoding: quoted-printable\n\n=24{sender}\n"),
       ".vacation.msg:7: a dollar or a macro in quoted-printable"},
      {"Content-Type: multipart/mixed; boundary=\"a;b\"\n\n--b\n\nHi\n",
       "'--a;b--' ends the multipart"},
      {"Content-Type: multipart/mixed; boundary=x\n\n--b\n\nHi\n", "ends the multipart"},
      {"Content-Type: multipart/mixed\n\n--b\n\nHi\n--b--\n", "ends the multipart"},
      {mixed("--b\nno field\n"), ".vacation.msg:5: expected header fields"},
      {mixed("--b\nContent-Type: text/plain; charset=x\n\nfür\n"), "says another charset"},
  };
  for (const auto& [message, words] : cases) {
    const auto fault = fault_of([&, &text = message] { read_message(text); });
    EXPECT_TRUE(contains(fault, words)) << message << fault;
  }
  std::string deep = "\nHi\n";
  for (int i = 0; i < 1000; ++i) {
    const auto name = std::to_string(i);
    deep = "Content-Type: multipart/mixed; boundary=b" + name + "\n\n--b" + name + "\n" + deep +
           "--b" + name + "--\n";
  }
  EXPECT_TRUE(contains(fault_of([&] { read_message(deep); }), "nested too deep"));
  EXPECT_EQ(read_message(mixed("--b\nContent-Transfer-Encoding: quoted-printable\n\n=C3=BC\n"))
                .left_out.size(),
            0U);
}

TEST(ReadVacation, TakesTheOptionsOfTheForwardFile) {
  const auto settings = [](const std::string& line) {
    return settings_of(read_message("Subject: x\n\nHi\n", Source{".forward", line}).draft);
  };
  EXPECT_EQ(settings("\\kim, \"|/usr/bin/vacation -a kdent -a k@x.example kim\"\n"),
            "subject = x\naddress = kdent@ora.com\naddress = k@x.example\n");
  EXPECT_EQ(settings("\\kim\n|\"/usr/bin/vacation -jzr14 kim\"\n"),
            "subject = x\nignore = not-addressed\ninterval = 14d\n");
  EXPECT_EQ(settings("\"|vacation -r infinite kim\""), "subject = x\ninterval = once\n");
  EXPECT_EQ(settings("\\kdent, \"|vacation -a KDent -r7 kdent\""),
            "subject = x\naddress = KDent@ora.com\ninterval = 7d\n");
  EXPECT_EQ(settings("\"|vacation KIM\""), "subject = x\n");
  EXPECT_EQ(settings("\"|vacation -r0 -c boss@x.example kim\""),
            "subject = x\ninterval = 0\nbcc = boss@x.example\n");
  for (const char* line :
       {"\"|IFS=' ' && exec /usr/bin/vacation kdent #kim\"",
        "\"|/usr/bin/vacation kdent || exit 75\"", "\"|/usr/bin/vacation kdent >/dev/null 2>&1\"",
        "\"|test -e away; /usr/bin/vacation kdent;\"",
        "\"|/usr/bin/vacation kdent\", kim@x.example"}) {
    EXPECT_EQ(settings(line), "subject = x\naddress = kdent@ora.com\n") << line;
  }
  const auto other =
      read_message("Subject: x\n\nHi\n", Source{".forward", "\n\"|vacation -R x kim\""});
  ASSERT_EQ(other.left_out.size(), 1U);
  EXPECT_TRUE(other.left_out.front().starts_with(".forward:2: '-R x'"));
  EXPECT_TRUE(contains(fault_of([&] { settings("\\kim, kim@x.example\n"); }), "calls no vacation"));
}

TEST(ReadVacation, TakesWhoIsNeverAnswered) {
  const Source listing{"listing",
                       "@c.example                                        (never deleted)\n"
                       "a@b.example                              Sun Nov 29 06:44:21 2026\n"
                       "bob@d.example                            Wed Dec 31 23:59:59 1969\n"};
  EXPECT_EQ(settings_of(read_message("Subject: x\n\nHi\n", {}, listing).draft),
            "subject = x\nnever-reply-to = @c.example\nnever-reply-to = bob@d.example\n");
}

TEST(ReadVacation, TakesNobodyInsteadOfAnother) {
  const std::string never = "Wed Dec 31 23:59:59 1969\n";
  const auto reading =
      read_message("Subject: x\n\nHi\n", {},
                   Source{"listing", std::string(40, 'b') + " " + never + "root (never deleted)\n" +
                                         "east@d.example  Thu Jan  1 00:59:59 1970\n"});
  EXPECT_EQ(settings_of(reading.draft),
            "subject = x\nnever-reply-to = root@ora.com\nnever-reply-to = east@d.example\n");
  ASSERT_EQ(reading.left_out.size(), 1U);
  EXPECT_TRUE(reading.left_out[0].starts_with("listing:1: 'bbb"));
  for (const auto* const bad : {"\ngarbage\n", "\na@b.example\n", "\n(never deleted)\n"}) {
    EXPECT_EQ(fault_of([&] {
                read_message("Subject: x\n\nHi\n", {}, Source{"listing", bad});
              }),
              "listing:2: no line of vacation -l");
  }
}

TEST(ReadVacation, RefusesWhatIsNoMessage) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ".vacation.msg:1: expected header fields"},
      {"I am away.\n", ".vacation.msg:1: expected header fields"},
      {"Subject: x\nno field\n\ntext\n", ".vacation.msg:2: expected header fields"},
      {"Subject: x\n", ".vacation.msg:2: expected header fields"},
      {"Subject: x\n\n\n", ".vacation.msg:3: there is no text"},
      {"Subject: x\n\n\xE4\n", ".vacation.msg:3: not UTF-8"},
  };
  for (const auto& [message, words] : cases) {
    const auto fault = fault_of([&] { read_message(message); });
    EXPECT_TRUE(contains(fault, words)) << message << fault;
  }
}

std::vector<Draft> read_table(const std::string& text, LeftOut& left_out) {
  return read_postfixadmin({"vacation.csv", text}, left_out.handler());
}

TEST(ReadPostfixadmin, ReadsCsvAndJsonAlike) {
  const char* const tables[] = {
      "email,subject,body,activefrom,activeuntil,domain,interval_time,active\r\n"
      "kim@ora.com,\"Away: $SUBJECT\",\"For $SUBJECT,\r\nsay \"\"hi\"\" <%Until_Date>\","
      "2026-12-24 00:00:00,2027-01-02 23:59:59,ora.com,604800,t\r\n",
      R"({"email":"kim@ora.com","subject":"Away: $SUBJECT","body":"For $SUBJECT,\nsay \"hi\" <%Until_Date>","activefrom":"2026-12-24 00:00:00.000000","activeuntil":"2027-01-02 23:59:59","domain":"ora.com","interval_time":604800,"active":1})"};
  for (const auto* const table : tables) {
    LeftOut left_out;
    const auto drafts = read_table(table, left_out);
    ASSERT_EQ(drafts.size(), 1U) << table;
    EXPECT_TRUE(left_out.lines().empty());
    EXPECT_EQ(drafts[0].address, kAddress);
    EXPECT_TRUE(drafts[0].is_active);
    EXPECT_EQ(settings_of(drafts[0]),
              "from = kim@ora.com\nsubject = Away: ${subject}\ninterval = 604800s\n"
              "active-from = 2026-12-24 00:00:00\nactive-until = 2027-01-02 23:59:59\n");
    EXPECT_EQ(drafts[0].body, "For $$SUBJECT,\nsay \"hi\" ${active_until}\n");
  }
}

TEST(ReadPostfixadmin, KnowsItsDefaults) {
  LeftOut left_out;
  const auto drafts = read_table(
      "active,email,interval_time,activefrom,activeuntil,subject,body\n"
      "0,kim@ora.com,0,2000-01-01 00:00:00,2038-01-18 00:00:00,Away,Hi\n",
      left_out);
  ASSERT_EQ(drafts.size(), 1U);
  EXPECT_FALSE(drafts[0].is_active);
  EXPECT_EQ(settings_of(drafts[0]), "from = kim@ora.com\nsubject = Away\ninterval = once\n");
}

TEST(ReadPostfixadmin, KeepsTheZoneOfATimeWithAFraction) {
  LeftOut left_out;
  const auto drafts = read_table(
      "email,subject,body,activefrom\nkim@ora.com,Away,Hi,2026-12-24 09:15:30.25-08\n", left_out);
  ASSERT_EQ(drafts.size(), 1U);
  EXPECT_EQ(drafts[0].get("active-from"), "2026-12-24 09:15:30-08");
}

TEST(ReadPostfixadmin, RefusesWhatIsNoTable) {
  LeftOut left_out;
  const std::string row = R"({"email":"kim@ora.com","subject":"x","body":)";
  const std::string deep(200'000, '[');
  const auto drafts = read_table(
      row + deep + std::string(deep.size(), ']') + "}\n" + row + deep + "\n" + row + "\"Hi\"}\n",
      left_out);
  EXPECT_EQ(drafts.size(), 1U);
  ASSERT_EQ(left_out.lines().size(), 2U);
  EXPECT_EQ(left_out.lines()[0], "vacation.csv:1: body: expected a text or a number");
  EXPECT_EQ(left_out.lines()[1], "vacation.csv:2: no object of JSON");
  for (const auto* const empty : {"", "email,subject,body\n\n"}) {
    LeftOut nothing;
    EXPECT_TRUE(read_table(empty, nothing).empty());
    EXPECT_EQ(nothing.lines(), std::vector<std::string>{"vacation.csv: there is no row"});
  }
}

TEST(ReadPostfixadmin, NamesBadRowsAndGoesOn) {
  LeftOut left_out;
  const auto drafts = read_table(
      "email,subject,body\nkim,Away,Hi\nkim@ora.com,Away,\nkim@ora.com,Away\n"
      "kim@ora.com,\"Away\",\"Hi\nall\"\n",
      left_out);
  EXPECT_EQ(drafts.size(), 1U);
  ASSERT_EQ(left_out.lines().size(), 3U);
  EXPECT_TRUE(left_out.lines()[0].starts_with("vacation.csv:2: email 'kim'"));
  EXPECT_TRUE(left_out.lines()[1].starts_with("vacation.csv:3: there is no text"));
  EXPECT_TRUE(left_out.lines()[2].starts_with("vacation.csv:4: expected 3 fields"));
}

TEST(ReadGnarwl, ReadsPeopleOfADirectory) {
  LeftOut left_out;
  const auto terms = read_gnarwl_configuration(
      {"gnarwl.cfg",
       "# A comment\nmap_sender $sender\nmap_receiver $recepient\nmap_subject $subject\n"
       "map_field $end vacationEnd\nmap_field $fullname cn\nserver localhost\n"
       "queryfilter (&(mail=$recepient)(vacationActive=TRUE))\nresult vacationInfo\n"
       "blockexpire 24\nblacklist /var/lib/gnarwl/blacklist.db\n"},
      left_out.handler());
  const std::string ldif =
      "version: 1\n\n# babs\ndn: uid=babs,o=my_org\ncn: Babs\n  Jensen\nmail: babs@ora.com\nmail: "
      "bj@ora.com\n"
      "vacationActive: TRUE\nvacationEnd: New Year\n"
      "vacationInfo:: QXdheSB0aWxsICRlbmQgZm9yICQ1Lg==\n\n"
      "dn: uid=kim,o=my_org\nmail: kim@ora.com\nvacationActive: FALSE\nvacationInfo: Off\n\n"
      "dn: uid=none,o=my_org\nmail: none@ora.com\n";
  const auto drafts = read_gnarwl(terms, {"people.ldif", ldif},
                                  "From: $fullname <$recepient>\nTo: $sender\nX-mailer: GNARWL\n"
                                  "Subject: Re: $SUBJECT\n\n",
                                  "-- \n$fullname\n", left_out.handler());
  ASSERT_EQ(drafts.size(), 3U);
  EXPECT_EQ(drafts[0].address, "babs@ora.com");
  EXPECT_EQ(drafts[1].address, "bj@ora.com");
  EXPECT_EQ(settings_of(drafts[1]),
            "address = babs@ora.com\ninterval = 24h\nfrom = Babs Jensen <bj@ora.com>\n"
            "subject = Re: ${subject}\n");
  EXPECT_EQ(settings_of(drafts[0]),
            "address = bj@ora.com\ninterval = 24h\nfrom = Babs Jensen <babs@ora.com>\n"
            "subject = Re: ${subject}\n");
  EXPECT_EQ(drafts[0].body, "Away till New Year for $$5.\n-- \nBabs Jensen\n");
  EXPECT_TRUE(drafts[0].is_active);
  EXPECT_FALSE(drafts[2].is_active);
  ASSERT_EQ(left_out.lines().size(), 1U);
  EXPECT_TRUE(left_out.lines()[0].starts_with("gnarwl.cfg:11: 'blacklist'"));
}

GnarwlTerms gnarwl_terms(const std::string& configuration) {
  return read_gnarwl_configuration({"gnarwl.cfg", configuration}, pass_over);
}

std::vector<Draft> read_people(const std::string& ldif, LeftOut& left_out,
                               const std::string& configuration = {}) {
  return read_gnarwl(gnarwl_terms(configuration), {"people.ldif", ldif}, "Subject: x\n\n", {},
                     left_out.handler());
}

TEST(ReadGnarwl, TakesAllOfALine) {
  const auto terms = gnarwl_terms(
      "QueryFilter  ( & (smtp=$Who) ( vacationActive=TRUE ) (&(o=Our \\28old\\29 Mail))) \r\n"
      "map_receiver $who\nforceheader  /etc/our mail/header.txt \nforcefooter\nresult info\n"
      "map_field $name  cn \nmap_field $none\nblockexpire 0\n");
  EXPECT_EQ(terms.address_attribute, "smtp");
  const std::vector<std::pair<std::string, std::string>> required = {{"vacationactive", "TRUE"},
                                                                     {"o", "Our (old) Mail"}};
  EXPECT_EQ(terms.required, required);
  EXPECT_EQ(terms.header_file, "/etc/our mail/header.txt");
  EXPECT_EQ(terms.footer_file, "");
  EXPECT_EQ(terms.fields, (std::vector<std::pair<std::string, std::string>>{{"$name", "cn"}}));
  EXPECT_EQ(terms.interval, "0");
}

TEST(ReadGnarwl, RefusesAFilterThatSaysOtherThings) {
  for (const auto* const filter :
       {"(|(mail=$recepient)(c=d))", "(&(mail=$recepient)(!(a=b)))", "(&(mail=$recepient)(a=*))",
        "(&(mail=$recepient)(a>=b))", "(&(mail=$recepient)(a:=b))", "(&(mail=$recepient)",
        "(mail=$recepient))", "(mail=$recepient)(a=b)", "mail=$recepient", "(&", "(",
        "(&(mail=$recepient)(a=b)", "(vacationActive=TRUE)", "(mail=x$recepient)",
        "(&(mail=$recepient)(uid=$recepient))", "(&(mail=$recepient)(boss=$sender))"}) {
    const auto fault = fault_of([&] { gnarwl_terms(std::string("\nqueryfilter ") + filter); });
    EXPECT_TRUE(fault.starts_with("gnarwl.cfg:2: 'queryfilter': ")) << filter << fault;
  }
  EXPECT_TRUE(contains(fault_of([] { gnarwl_terms("blockexpire soon\n"); }), "'blockexpire'"));
}

TEST(ReadGnarwl, NamesWhatItCannotTake) {
  LeftOut left_out;
  const std::string active = "vacationActive: TRUE\n";
  const auto drafts = read_people(
      "dn: a\nmail: a@ora.com\n" + active + "vacationInfo:< file:///a.txt\nphoto:< file:///p\n\n" +
          "dn: b\nmail: b@ora.com\n" + active + "vacationInfo: One\nvacationInfo: Two\n\n" +
          "dn: c\nmail: c\n" + active + "vacationInfo: Hi\n",
      left_out);
  ASSERT_EQ(drafts.size(), 1U);
  EXPECT_EQ(drafts[0].body, "One\n");
  ASSERT_EQ(left_out.lines().size(), 3U);
  EXPECT_TRUE(left_out.lines()[0].starts_with("people.ldif:1: 'vacationinfo' names a file"));
  EXPECT_TRUE(left_out.lines()[1].starts_with("people.ldif:7: 'vacationInfo': only its first"));
  EXPECT_TRUE(left_out.lines()[2].starts_with("people.ldif:13: 'c' is no mail address"));
  LeftOut nothing;
  EXPECT_TRUE(read_people("dn: o\no: Ours\n", nothing).empty());
  EXPECT_EQ(nothing.lines(),
            std::vector<std::string>{"people.ldif: nobody there has 'mail' and 'vacationInfo'"});
}

TEST(ReadGnarwl, NamesATextThatWouldFillTheMemory) {
  std::string many;
  for (int i = 0; i < 20'000; ++i)
    many += "$n";
  const std::string long_name(200'000, 'n');
  const std::string rest = "vacationActive: TRUE\nvacationInfo: ";
  for (const std::string in_fields : {"", "Subject: "}) {
    LeftOut left_out;
    const auto drafts = read_people("cn: " + long_name + "\nmail: a@ora.com\n" + rest + in_fields +
                                        many + "\n\nmail: b@ora.com\n" + rest + "Hi\n",
                                    left_out, "map_field $n cn\n");
    EXPECT_EQ(drafts.size(), 1U);
    ASSERT_EQ(left_out.lines().size(), 1U);
    EXPECT_TRUE(contains(left_out.lines()[0], "people.ldif:3: over 4194304 octets"))
        << left_out.lines()[0];
  }
}

QmailFolder folder_with(const std::string& configuration, const std::string& qmail = {}) {
  return {{".qmail", qmail},
          {"away/config.txt", configuration},
          {},
          {"away/message.txt", "From: Kim <%r>\nSubject: Away (%S)\n\n100%% for $5, %s.\n"}};
}

TEST(ReadQmailAutoresponder, ReadsOptionsOfAllPlaces) {
  LeftOut left_out;
  const auto draft = read_qmail_autoresponder(
      kAddress,
      folder_with("# x\ncopymsg=1\nbcc=boss@ora.com\nstarttime=2026-12-24\n"
                  "endtime=2027-01-02 12:00:00\n\n",
                  "|qmail-autoresponder -t 600 -O msglimit=3 away\n./Maildir/\n"),
      left_out.handler());
  EXPECT_EQ(settings_of(draft),
            "from = Kim <kim@ora.com>\nsubject = Away (${subject})\ninterval = 0\n"
            "limit-person = 3/600s\nbcc = boss@ora.com\nactive-until = 2027-01-02 12:00:00\n"
            "active-from = 2026-12-24T00:00\n");
  EXPECT_EQ(draft.body, "100% for $$5, ${sender}.\n");
  ASSERT_EQ(left_out.lines().size(), 1U);
  EXPECT_TRUE(left_out.lines()[0].starts_with("away/config.txt:2: 'copymsg'"));
}

TEST(ReadQmailAutoresponder, ReadsOptionsInAnyForm) {
  const auto settings = [](const std::string& line) {
    LeftOut left_out;
    const auto draft =
        read_qmail_autoresponder(kAddress, folder_with({}, line), left_out.handler());
    return std::pair(std::string(draft.get("limit-person")), left_out.lines().size());
  };
  EXPECT_EQ(settings("|qmail-autoresponder -qn5 away"), std::pair(std::string("5/3600s"), 0UL));
  EXPECT_EQ(settings("|qmail-autoresponder -qc -n5 -t60 away"),
            std::pair(std::string("5/60s"), 1UL));
  EXPECT_EQ(settings("|qmail-autoresponder -DqO msglimit=5 away"),
            std::pair(std::string("5/3600s"), 0UL));
}

TEST(ReadQmailAutoresponder, KnowsItsMessageFile) {
  const auto file = [](const std::string& line) { return qmail_message_file({".qmail", line}); };
  EXPECT_EQ(file("./Maildir/\n|qmail-autoresponder -c -n 5 other.txt away\n"), "other.txt");
  EXPECT_EQ(file("|qmail-autoresponder -n 5 away\n"), "message.txt");
  EXPECT_EQ(fault_of([&] { file("./Maildir/\n"); }), ".qmail: calls no qmail-autoresponder");
}

TEST(ReadQmailAutoresponder, RefusesAValueThatItCannotRead) {
  const std::pair<const char*, const char*> cases[] = {
      {"starttime=tomorrow\n", "away/config.txt:1: 'tomorrow' is no time"},
      {"bcc=\nendtime=soon\n", "away/config.txt:2: 'soon' is no time"},
      {"endtime=99999999999999999\n", "is no time"},
      {"timelimit=60x\n", "away/config.txt:1: 'timelimit': expected a number"},
      {"msglimit=\n", "away/config.txt:1: 'msglimit': expected a number"},
  };
  for (const auto& [configuration, words] : cases) {
    const auto fault = fault_of([&, &text = configuration] {
      read_qmail_autoresponder(kAddress, folder_with(text), pass_over);
    });
    EXPECT_TRUE(contains(fault, words)) << configuration << fault;
  }
  EXPECT_TRUE(contains(fault_of([] {
                         read_qmail_autoresponder(
                             kAddress, folder_with({}, "|qmail-autoresponder -t 60x away\n"),
                             pass_over);
                       }),
                       ".qmail:1: 'timelimit'"));
}

TEST(ReadQmailAutoresponder, TakesItsDefaultsAndAMessageInTheConfiguration) {
  auto folder = folder_with("bcc=\n\nSubject: x\n\nHi\n");
  const auto draft = read_qmail_autoresponder(kAddress, folder, pass_over);
  EXPECT_EQ(settings_of(draft), "subject = x\ninterval = 3600s\n");
  EXPECT_EQ(draft.body, "Hi\n");
  folder = folder_with("");
  folder.options = {{"away/timelimit", "86400\n"}, {"away/subject_prefix", "Re: \n"}};
  EXPECT_EQ(settings_of(read_qmail_autoresponder(kAddress, folder, pass_over)),
            "from = Kim <kim@ora.com>\ninterval = 86400s\nsubject = Re: ${subject}\n");
  folder.message.text.clear();
  EXPECT_TRUE(contains(fault_of([&] { read_qmail_autoresponder(kAddress, folder, pass_over); }),
                       "away/message.txt: there is no message"));
}

}  // namespace
}  // namespace inforeply
